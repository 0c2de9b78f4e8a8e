import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatJson, formatTable } from "../../src/report/format.js";

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

test("a table aligns words to the left, numbers to the right, and ends no line in spaces", () => {
  const rows = [
    ["layer", "type", "ms"],
    ["conv1", "Conv2d", "12.5"],
    ["", "ReLU", ""],
    ["sum", "", "1"],
    ["note"],
  ];
  assert.deepEqual(formatTable(rows, 2), [
    "layer  type      ms",
    "conv1  Conv2d  12.5",
    "       ReLU",
    "sum               1",
    "note",
  ]);
  assert.deepEqual(formatTable(rows.slice(1, 2)), ["conv1  Conv2d  12.5"]);
  assert.deepEqual(formatTable([]), []);
});
