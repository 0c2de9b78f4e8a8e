import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatJson } from "../../src/report/format-json.js";

test("JSON has a line for each row of a matrix, and for each field", () => {
  const document = {
    a: 1,
    matrix: [
      [1, 2],
      [3, -4.5e-9],
    ],
    row: [1, NaN],
    texts: ["x"],
    none: [],
    left: undefined,
  };
  assert.equal(
    formatJson(document),
    `{
  "a": 1,
  "matrix": [
    [1, 2],
    [3, -4.5e-9]
  ],
  "row": [1, null],
  "texts": [
    "x"
  ],
  "none": []
}`,
  );
  assert.equal(formatJson({}), "{}");
  assert.equal(formatJson(undefined), "null");
});

test("JSON says what JSON.stringify says", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.deepEqual(JSON.parse(formatJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});
