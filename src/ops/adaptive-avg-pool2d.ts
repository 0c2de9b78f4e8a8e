import { sizes } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { dims4, sizeOf } from "../tensor/shape.js";
import { asImages } from "./permute.js";

/** Mean over the whole image: `x [H, W, N, C]` to `y [1, 1, N, C]`. PyTorch's `AdaptiveAvgPool2d(1)`. */
export const adaptiveAvgPool2dOp = defineOp({
  name: "adaptiveAvgPool2d",
  role: "forward",
  meaning: "The mean over the image",
  inputs: {
    x: "float [H, W, N, C]",
  },
  outputs: {
    y: "float [1, 1, N, C]",
  },
  attrs: {},
  shape({ x }) {
    const [, , n, c] = dims4(x, "adaptiveAvgPool2d");
    return { y: { shape: [1, 1, n, c], dtype: x.dtype } };
  },
  gradient({ x, dy }) {
    const [h, w] = dims4(x);
    return { x: adaptiveAvgPool2dGradOp.trace({ dy }, { imageSize: [h, w] }).dx };
  },
  flops: ({ x }) => sizeOf(x.shape),
  reference({ x }, { y }) {
    const [h, w] = dims4(x);
    const sums = new Float64Array(y.data.length);
    for (let i = 0; i < x.data.length; i++) sums[i % sums.length]! += x.data[i]!;
    y.data.set(sums.map((sum) => sum / (h * w)));
  },
});

/** Traces the mean over the whole image; see `adaptiveAvgPool2dOp`. */
export const adaptiveAvgPool2d = (x: Tensor): Tensor =>
  adaptiveAvgPool2dOp.trace({ x: asImages(x) }, {}).y;

/** Gradient of `adaptiveAvgPool2d`: `dx[h, w] = dy / (H · W)`. */
export const adaptiveAvgPool2dGradOp = defineOp({
  name: "adaptiveAvgPool2dGrad",
  role: "gradient",
  meaning: "`dy / (H · W)`",
  inputs: {
    dy: "float [1, 1, N, C]",
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
  flops: (_, { dx }) => sizeOf(dx.shape),
  reference({ dy }, { dx }, { imageSize: [h, w] }) {
    for (let i = 0; i < dx.data.length; i++) dx.data[i] = dy.data[i % dy.data.length]! / (h * w);
  },
});
