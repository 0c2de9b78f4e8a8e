import { sizes } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { dims4, sizeOf } from "../tensor/shape.js";
import { asImages } from "./permute.js";

/**
 * The largest value of the whole image, the first of equals; the last NaN beats everything. PyTorch's `AdaptiveMaxPool2d(1)`.
 *
 *     x [H, W, N, C]   y [1, 1, N, C]   index i32 [1, 1, N, C]: the winner's pixel, h · W + w
 */
export const adaptiveMaxPool2dOp = defineOp({
  name: "adaptiveMaxPool2d",
  role: "forward",
  meaning:
    "The largest value of the image; `index` is the pixel `h · W + w` of the first maximum, or of the last NaN",
  inputs: {
    x: "float [H, W, N, C]",
  },
  outputs: {
    y: "float [1, 1, N, C]",
    "index?": "i32 [1, 1, N, C]",
  },
  attrs: {},
  shape({ x }) {
    const [, , n, c] = dims4(x, "adaptiveMaxPool2d");
    return {
      y: { shape: [1, 1, n, c], dtype: x.dtype },
      index: { shape: [1, 1, n, c], dtype: "i32" },
    };
  },
  gradient({ x, index, dy }) {
    const [h, w] = dims4(x);
    return { x: adaptiveMaxPool2dGradOp.trace({ dy, index }, { imageSize: [h, w] }).dx };
  },
  flops: ({ x }) => sizeOf(x.shape),
  reference({ x }, { y, index }) {
    const size = y.data.length;
    y.data.fill(-Infinity);
    index?.data.fill(0);
    for (let i = 0; i < x.data.length; i++) {
      const value = x.data[i]!;
      const best = y.data[i % size]!;
      if (!(value > best) && !Number.isNaN(value)) continue;
      y.data[i % size] = value;
      if (index) index.data[i % size] = Math.floor(i / size);
    }
  },
});

/** Traces the largest value of the whole image; see `adaptiveMaxPool2dOp`. */
export const adaptiveMaxPool2d = (x: Tensor): Tensor =>
  adaptiveMaxPool2dOp.trace({ x: asImages(x) }, {}).y;

/** Gradient of `adaptiveMaxPool2d`: dy goes to the pixel that won. */
export const adaptiveMaxPool2dGradOp = defineOp({
  name: "adaptiveMaxPool2dGrad",
  role: "gradient",
  meaning: "Passes dy to the pixel with the maximum",
  inputs: {
    dy: "float [1, 1, N, C]",
    index: "i32 [1, 1, N, C]",
  },
  outputs: {
    dx: "float [H, W, N, C]",
  },
  attrs: { imageSize: sizes("H", "W") },
  gradient: null,
  shape({ dy }, { imageSize: [h, w] }) {
    const [, , n, c] = dims4(dy);
    return { dx: { shape: [h, w, n, c], dtype: dy.dtype } };
  },
  flops: ({ dy }) => sizeOf(dy.shape),
  reference({ dy, index }, { dx }) {
    dx.data.fill(0);
    for (let i = 0; i < dy.data.length; i++)
      dx.data[index.data[i]! * dy.data.length + i] = dy.data[i]!;
  },
});
