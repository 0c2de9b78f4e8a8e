import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatAttrs } from "../../src/tensor/attrs.js";
import { ResnetError } from "../../src/tensor/error.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { dims2, dims4, sameShape, ShapeError, sizeOf } from "../../src/tensor/shape.js";

describe("hostArray", () => {
  test("is zero-filled without values, and takes each dtype's typed array as it is", () => {
    assert.deepEqual(hostArray([2, 2]).data, new Float32Array(4));
    const data = Int32Array.of(1, 2);
    assert.equal(hostArray([2], data, "i32").data, data);
    assert.deepEqual(hostArray([], [0.1]).data, Float32Array.of(0.1));
    assert.deepEqual(hostArray([2], [1, 255], "u8").data, Uint8Array.of(1, 255));
  });

  test("refuses another number of values", () => {
    assert.throws(() => hostArray([2, 3], [1, 2]), {
      name: "ResnetError",
      code: "ERR_LENGTH",
      message: "an array of shape [2, 3] takes 6 values but 2 were given",
    });
  });
});

describe("shapes", () => {
  test("a scalar has one element", () => {
    assert.equal(sizeOf([]), 1);
    assert.equal(sizeOf([2, 3, 4]), 24);
    assert.ok(sameShape([], []));
    assert.ok(!sameShape([1], []));
    assert.ok(!sameShape([1, 2], [2, 1]));
  });

  test("dims4 and dims2 name the op, the operand and the axes", () => {
    assert.throws(() => dims4({ shape: [2, 3] }, "conv2d"), {
      name: "ShapeError",
      code: "ERR_SHAPE",
      message: "conv2d: x needs 4 axes but has 2\n  x  [2, 3]   H W N C",
    });
    assert.throws(() => dims2({ shape: [2] }, "linear", "weight", "In Out"), {
      message: "linear: weight needs 2 axes but has 1\n  weight  [2]   In Out",
    });
  });

  test("a shape error is a ResnetError that names the innermost module, once", () => {
    const error = new ShapeError("add", "off", {
      a: { shape: [1] },
      long: { shape: [], axes: "C" },
    });
    assert.ok(error instanceof ResnetError);
    error.inModule("layer1.0").inModule("layer1");
    assert.equal(
      error.message,
      "add: off\n  a     [1]\n  long  []    C\n  in layer1.0, while tracing",
    );
  });
});

test("formatAttrs prints numbers, words and lists in order", () => {
  const attrs = { stride: 2, imageSize: [8, 7], activation: "relu", nesterov: true };
  assert.equal(formatAttrs(attrs), "stride=2 imageSize=[8, 7] activation=relu nesterov=true");
  assert.equal(formatAttrs({}), "");
});
