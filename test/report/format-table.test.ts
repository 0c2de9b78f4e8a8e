import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTable } from "../../src/report/format-table.js";

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
