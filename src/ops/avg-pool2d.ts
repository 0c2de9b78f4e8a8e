import { sizes } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { dims4, sizeOf } from "../tensor/shape.js";
import { checkPool, poolAttrs, type PoolAttrs } from "./max-pool2d.js";
import { checkOutputSize, forEachTap, windowOutput } from "./window.js";
import { asImages } from "./permute.js";

/**
 * Mean of each window. Padding counts as zeros, as in PyTorch by default.
 *
 *     x [H, W, N, C]   y [OH, OW, N, C]
 */
export const avgPool2dOp = defineOp({
  name: "avgPool2d",
  role: "forward",
  meaning: "The mean of each window; zeros of the padding count, as in PyTorch",
  inputs: {
    x: "float [H, W, N, C]",
  },
  outputs: {
    y: "float [OH, OW, N, C]",
  },
  attrs: poolAttrs,
  shape({ x }, attrs) {
    const [, , n, c] = dims4(x, "avgPool2d");
    checkPool("avgPool2d", attrs);
    const [oh, ow] = windowOutput("avgPool2d", x.shape, [attrs.kernel, attrs.kernel], attrs);
    return { y: { shape: [oh, ow, n, c], dtype: x.dtype } };
  },
  gradient({ x, dy, attrs }) {
    const [h, w] = dims4(x);
    return { x: avgPool2dGradOp.trace({ dy }, { ...attrs, imageSize: [h, w] }).dx };
  },
  flops: (_, { y }, { kernel }) => sizeOf(y.shape) * kernel * kernel,
  reference({ x }, { y }, attrs) {
    const [h, w, n, c] = dims4(x);
    const [oh, ow] = dims4(y);
    y.data.fill(0);
    forEachTap(
      { ...attrs, image: [h, w], kernel: [attrs.kernel, attrs.kernel], output: [oh, ow] },
      (to, from) => {
        for (let i = 0; i < n * c; i++)
          y.data[to * n * c + i]! += x.data[from * n * c + i]! / attrs.kernel ** 2;
      },
    );
  },
});

/** Traces average pooling; see `avgPool2dOp`. */
export const avgPool2d = (x: Tensor, attrs: PoolAttrs): Tensor =>
  avgPool2dOp.trace({ x: asImages(x) }, attrs).y;

/** Gradient of `avgPool2d`: each dy is shared out evenly over its window. */
export const avgPool2dGradOp = defineOp({
  name: "avgPool2dGrad",
  role: "gradient",
  meaning: "Distributes each dy evenly over its window",
  inputs: {
    dy: "float [OH, OW, N, C]",
  },
  outputs: {
    dx: "float [H, W, N, C]",
  },
  attrs: { ...poolAttrs, imageSize: sizes("H", "W") },
  gradient: null,
  shape({ dy }, attrs) {
    const { kernel, imageSize } = attrs;
    const [h, w] = imageSize;
    const [, , n, c] = dims4(dy);
    checkPool("avgPool2dGrad", attrs);
    checkOutputSize("avgPool2dGrad", imageSize, [kernel, kernel], attrs, dy.shape);
    return { dx: { shape: [h, w, n, c], dtype: dy.dtype } };
  },
  flops: ({ dy }, _, { kernel }) => sizeOf(dy.shape) * kernel * kernel,
  reference({ dy }, { dx }, attrs) {
    const [h, w, n, c] = dims4(dx);
    const [oh, ow] = dims4(dy);
    dx.data.fill(0);
    forEachTap(
      { ...attrs, image: [h, w], kernel: [attrs.kernel, attrs.kernel], output: [oh, ow] },
      (from, to) => {
        for (let i = 0; i < n * c; i++)
          dx.data[to * n * c + i]! += dy.data[from * n * c + i]! / attrs.kernel ** 2;
      },
    );
  },
});
