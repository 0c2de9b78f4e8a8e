import assert from "node:assert/strict";
import { test } from "node:test";
import { DataError } from "../../src/data/data-error.js";
import { parseConfig } from "../../src/train/config/config.js";
import { ResnetError, UsageError } from "../../src/tensor/error.js";
import { ShapeError } from "../../src/tensor/shape.js";

test("an error says whether the fault lies in what was asked for", () => {
  const usage = [
    new UsageError("ERR_MODEL", "no such model"),
    new ShapeError("conv2d", "it does not fit", { x: { shape: [1] } }),
    new DataError("ERR_DATA_NAME", "no such data set"),
    new DataError("ERR_DATA_ROWS", "too few images"),
    new DataError("ERR_DATA_TRANSFORM", "too large a crop"),
  ];
  const others = [
    new ResnetError("ERR_CLOSED", "the executor is closed"),
    new DataError("ERR_DATA_IMAGE", "a damaged file"),
  ];
  assert.deepEqual(
    [...usage, ...others].filter(({ isUsage }) => isUsage),
    usage,
  );
  assert.throws(() => parseConfig({}), { name: "UsageError", code: "ERR_CONFIG", isUsage: true });
});
