import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  fromTorchLayout,
  hwncToNchw,
  nchwToHwnc,
  toTorchLayout,
} from "../../src/interop/torch-layout.js";
import { hostArray } from "../../src/tensor/host-array.js";

const counting = (shape: readonly number[]) =>
  hostArray(
    shape,
    Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) => i),
  );

describe("the layouts of PyTorch", () => {
  test("a convolution's weight goes from H W In Out to Out In H W", () => {
    // numpy: arange(24).reshape(1, 2, 3, 4).transpose(3, 2, 0, 1).ravel()
    const weight = toTorchLayout(counting([1, 2, 3, 4]));
    assert.deepEqual(weight.shape, [4, 3, 1, 2]);
    assert.deepEqual(
      [...weight.data],
      [0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23],
    );
    assert.deepEqual(fromTorchLayout(weight), counting([1, 2, 3, 4]));
  });

  test("a linear layer's weight is transposed", () => {
    const weight = toTorchLayout(counting([2, 3]));
    assert.deepEqual(weight.shape, [3, 2]);
    assert.deepEqual([...weight.data], [0, 3, 1, 4, 2, 5]);
    assert.deepEqual(fromTorchLayout(weight), counting([2, 3]));
  });

  test("weights larger than a tile go there and back", () => {
    const [height, width, inputs, outputs] = [3, 2, 17, 35];
    const weight = counting([height, width, inputs, outputs]);
    const stored = toTorchLayout(weight);
    assert.deepEqual(stored.shape, [outputs, inputs, height, width]);
    const at = (h: number, w: number, i: number, o: number) =>
      stored.data[((o * inputs + i) * height + h) * width + w];
    for (const [h, w, i, o] of [
      [0, 0, 0, 34],
      [2, 1, 16, 31],
      [1, 0, 15, 32],
    ] as const) {
      assert.equal(at(h, w, i, o), ((h * width + w) * inputs + i) * outputs + o);
    }
    assert.deepEqual(fromTorchLayout(stored), weight);
    assert.deepEqual(toTorchLayout(fromTorchLayout(stored)), stored);
  });

  test("other ranks stay as they are", () => {
    for (const shape of [[], [5], [2, 3, 4]]) {
      assert.deepEqual(toTorchLayout(counting(shape)), counting(shape));
      assert.deepEqual(fromTorchLayout(counting(shape)), counting(shape));
    }
  });

  test("images go from N C H W to H W N C and back", () => {
    // numpy: arange(24).reshape(2, 3, 1, 4).transpose(2, 3, 0, 1).ravel()
    const images = nchwToHwnc(counting([2, 3, 1, 4]));
    assert.deepEqual(images.shape, [1, 4, 2, 3]);
    assert.deepEqual(
      [...images.data],
      [0, 4, 8, 12, 16, 20, 1, 5, 9, 13, 17, 21, 2, 6, 10, 14, 18, 22, 3, 7, 11, 15, 19, 23],
    );
    assert.deepEqual(hwncToNchw(images), counting([2, 3, 1, 4]));
  });

  test("every dtype is kept, and empty arrays too", () => {
    const bytes = nchwToHwnc(hostArray([1, 2, 1, 1], [7, 8], "u8"));
    assert.equal(bytes.dtype, "u8");
    assert.deepEqual([...bytes.data], [7, 8]);
    assert.deepEqual(nchwToHwnc(hostArray([0, 3, 2, 2])).shape, [2, 2, 0, 3]);
  });

  test("images of another rank are refused", () => {
    assert.throws(() => nchwToHwnc(counting([2, 3])), {
      name: "InteropError",
      code: "ERR_LAYOUT",
      message: "nchwToHwnc: takes the 4 axes N C H W but the array's shape is [2, 3]",
    });
    assert.throws(() => hwncToNchw(counting([2])), {
      code: "ERR_LAYOUT",
      message: "hwncToNchw: takes the 4 axes H W N C but the array's shape is [2]",
    });
  });
});
