import { integer, sizes, type AttrsOf } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { UsageError } from "../tensor/error.js";
import { dims4, sizeOf } from "../tensor/shape.js";
import { checkOutputSize, forEachTap, windowOutput } from "./window.js";
import { asImages } from "./permute.js";

/** A square window, and how it moves; all in pixels. */
export const poolAttrs = {
  kernel: integer({ least: 1, most: 16 }), // a tap fits a byte
  stride: integer({ least: 1, most: 2 ** 15 }),
  padding: integer({ least: 0, most: 2 ** 15 }),
};
export type PoolAttrs = AttrsOf<typeof poolAttrs>;

/**
 * The largest value in each window; padding never wins. The first of equals wins, and the last NaN beats everything, as in PyTorch.
 *
 *     x [H, W, N, C]   y [OH, OW, N, C]   index u8 [OH, OW, N, C]: the winner's tap, kh · kernel + kw
 */
export const maxPool2dOp = defineOp({
  name: "maxPool2d",
  role: "forward",
  meaning:
    "The largest value of each window; `index` is the tap `kh · kernel + kw` of the first maximum in row-major order, or of the last NaN; padding never wins",
  inputs: {
    x: "float [H, W, N, C]",
  },
  outputs: {
    y: "float [OH, OW, N, C]",
    "index?": "u8 [OH, OW, N, C]",
  },
  attrs: poolAttrs,
  shape({ x }, attrs) {
    const [, , n, c] = dims4(x, "maxPool2d");
    checkPool("maxPool2d", attrs);
    const [oh, ow] = windowOutput("maxPool2d", x.shape, [attrs.kernel, attrs.kernel], attrs);
    const shape = [oh, ow, n, c];
    return { y: { shape, dtype: x.dtype }, index: { shape, dtype: "u8" } };
  },
  gradient({ x, index, dy, attrs }) {
    const [h, w] = dims4(x);
    return { x: maxPool2dGradOp.trace({ dy, index }, { ...attrs, imageSize: [h, w] }).dx };
  },
  flops: (_, { y }, { kernel }) => sizeOf(y.shape) * kernel * kernel,
  reference({ x }, { y, index }, attrs) {
    const [h, w, n, c] = dims4(x);
    const [oh, ow] = dims4(y);
    const winners = new Int16Array(y.data.length).fill(-1); // taps; −1 before the first that is inside the image
    forEachTap(
      { ...attrs, image: [h, w], kernel: [attrs.kernel, attrs.kernel], output: [oh, ow] },
      (to, from, tap) => {
        for (let i = 0; i < n * c; i++) {
          const value = x.data[from * n * c + i]!;
          const best = y.data[to * n * c + i]!;
          const wins = value > best || Number.isNaN(value) || winners[to * n * c + i] === -1;
          if (!wins) continue;
          y.data[to * n * c + i] = value;
          winners[to * n * c + i] = tap;
        }
      },
    );
    index?.data.set(winners);
  },
});

/** Traces max pooling; see `maxPool2dOp`. */
export const maxPool2d = (x: Tensor, attrs: PoolAttrs): Tensor =>
  maxPool2dOp.trace({ x: asImages(x) }, attrs).y;

/** Gradient of `maxPool2d`: each dy goes to the pixel that won its window. */
export const maxPool2dGradOp = defineOp({
  name: "maxPool2dGrad",
  role: "gradient",
  meaning: "Passes each dy to the pixel with the maximum of its window",
  inputs: {
    dy: "float [OH, OW, N, C]",
    index: "u8 [OH, OW, N, C]",
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
    checkPool("maxPool2dGrad", attrs);
    checkOutputSize("maxPool2dGrad", imageSize, [kernel, kernel], attrs, dy.shape);
    return { dx: { shape: [h, w, n, c], dtype: dy.dtype } };
  },
  flops: ({ dy }) => sizeOf(dy.shape),
  reference({ dy, index }, { dx }, attrs) {
    const [h, w, n, c] = dims4(dx);
    const [oh, ow] = dims4(dy);
    dx.data.fill(0);
    forEachTap(
      { ...attrs, image: [h, w], kernel: [attrs.kernel, attrs.kernel], output: [oh, ow] },
      (from, to, tap) => {
        for (let i = 0; i < n * c; i++) {
          if (index.data[from * n * c + i] === tap)
            dx.data[to * n * c + i]! += dy.data[from * n * c + i]!;
        }
      },
    );
  },
});

/** Rules that a pooling window obeys besides those of every window. @throws {ResnetError} `ERR_ATTRIBUTE` */
export function checkPool(op: string, { kernel, padding }: PoolAttrs): void {
  if (!Number.isInteger(kernel) || kernel < 1 || kernel > 16) {
    throw new UsageError(
      "ERR_ATTRIBUTE",
      `${op}: kernel must be an integer in 1 … 16, but it is ${kernel}`,
    );
  }
  if (padding > kernel / 2) {
    throw new UsageError(
      "ERR_ATTRIBUTE",
      `${op}: padding must be at most half of the kernel ${kernel}, but it is ${padding}`,
    );
  }
}
