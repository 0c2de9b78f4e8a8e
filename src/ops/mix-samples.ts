import { defineOp } from "../graph/define-op.js";
import { dims4, sameShape, ShapeError, sizeOf } from "../tensor/shape.js";

/**
 * Each image of a batch mixed with its neighbour, the one before it (the first with the last):
 *
 *     x          [H, W, N, C]
 *     labels     i32 [N]
 *     share      []        fraction of the image itself outside the box, 0 … 1
 *     box        i32 [4]   top, left, bottom, right: pixels h in top … bottom − 1, w in left … right − 1
 *     y[h, w, n] = x[h, w, n−1] in the box, share · x[h, w, n] + (1 − share) · x[h, w, n−1] outside
 *     neighbourLabels[n] = labels[n−1]
 *
 * Mixup is an empty box (Zhang et al. 2017, arXiv:1710.09412), CutMix a share of 1 (Yun et al. 2019, arXiv:1905.04899).
 * A batch rolled by one is torchvision's `MixUp` and `CutMix`: batches are shuffled, so any neighbour is a random one.
 */
export const mixSamplesOp = defineOp({
  name: "mixSamples",
  role: "forward",
  meaning:
    "Mixes each sample with the one before it, the first with the last: `share · x[n] + (1 − share) · x[n−1]`, and `x[n−1]` alone in the box top, left, bottom, right",
  inputs: {
    x: "float [H, W, N, C]",
    labels: "i32 [N]",
    share: "f32 []",
    box: "i32 [4]",
  },
  outputs: {
    y: "float [H, W, N, C]",
    neighbourLabels: "i32 [N]",
  },
  attrs: {},
  gradient: null,

  shape({ x, labels }) {
    const [, , n] = dims4(x, "mixSamples");
    if (!sameShape(labels.shape, [n])) {
      throw new ShapeError(
        "mixSamples",
        `x has ${n} samples but labels has ${sizeOf(labels.shape)}`,
        {
          x: { shape: x.shape, axes: "H W N C" },
          labels: { shape: labels.shape, axes: "N" },
        },
      );
    }
    return { y: x, neighbourLabels: labels };
  },

  flops: ({ x }) => 3 * sizeOf(x.shape),

  reference({ x, labels, share, box }, { y, neighbourLabels }) {
    const [h, w, n, c] = dims4(x);
    const [top, left, bottom, right] = box.data;
    for (let i = 0; i < n; i++) neighbourLabels.data[i] = labels.data[(i + n - 1) % n]!;
    for (let pixel = 0; pixel < h * w; pixel++) {
      const [row, column] = [Math.floor(pixel / w), pixel % w];
      const isInBox = row >= top! && row < bottom! && column >= left! && column < right!;
      const own = isInBox ? 0 : share.data[0]!;
      for (let i = 0; i < n * c; i++) {
        const neighbour = x.data[pixel * n * c + ((i + (n - 1) * c) % (n * c))]!;
        y.data[pixel * n * c + i] = x.data[pixel * n * c + i]! * own + neighbour * (1 - own);
      }
    }
  },
});
