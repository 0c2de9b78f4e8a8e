import { integer, integerPair, sizes, type AttrsOf } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { UsageError } from "../tensor/error.js";
import { dims4, ShapeError } from "../tensor/shape.js";

export const subsampleAttrs = {
  /** Every stride-th pixel is taken, in height and in width, from the first on. */
  stride: integer({ least: 1, most: 2 ** 15 }),
  /** Channels of zeros put before and after those of x. */
  padChannels: integerPair({ least: 0, most: 2 ** 20 }),
};
export type SubsampleAttrs = AttrsOf<typeof subsampleAttrs>;

/**
 * Every stride-th pixel, with channels of zeros on both sides: a shortcut without parameters (He et al. 2015, option A).
 * PyTorch's `F.pad(x[:, :, ::s, ::s], (0, 0, 0, 0, before, after))`.
 *
 *     x [H, W, N, C]   y [⌈H / stride⌉, ⌈W / stride⌉, N, before + C + after]
 */
export const subsampleOp = defineOp({
  name: "subsample",
  role: "forward",
  meaning:
    "Every stride-th pixel, with channels of zeros before and after: OH = ⌈H/stride⌉, OW = ⌈W/stride⌉, Cout = before + C + after",
  inputs: {
    x: "float [H, W, N, C]",
  },
  outputs: {
    y: "float [OH, OW, N, Cout]",
  },
  attrs: subsampleAttrs,
  shape({ x }, { stride, padChannels: [before, after] }) {
    const [h, w, n, c] = dims4(x, "subsample");
    if (!Number.isInteger(stride) || stride < 1) {
      throw new UsageError(
        "ERR_ATTRIBUTE",
        `subsample: stride must be a positive integer, but it is ${stride}`,
      );
    }
    if (![before, after].every((count) => Number.isInteger(count) && count >= 0)) {
      throw new UsageError(
        "ERR_ATTRIBUTE",
        `subsample: padChannels must be two non-negative integers, but it is ${before} and ${after}`,
      );
    }
    const shape = [Math.ceil(h / stride), Math.ceil(w / stride), n, before + c + after];
    return { y: { shape, dtype: x.dtype } };
  },
  gradient({ x, dy, attrs }) {
    const [h, w] = dims4(x);
    return { x: subsampleGradOp.trace({ dy }, { ...attrs, imageSize: [h, w] }).dx };
  },
  flops: () => 0,
  reference({ x }, { y }, { stride, padChannels: [before] }) {
    const [, w, n, c] = dims4(x);
    const [oh, ow, , channels] = dims4(y);
    y.data.fill(0);
    for (let i = 0; i < oh; i++) {
      for (let j = 0; j < ow; j++) {
        for (let sample = 0; sample < n; sample++) {
          const from = ((i * stride * w + j * stride) * n + sample) * c; // x[i · stride, j · stride, sample]
          const to = ((i * ow + j) * n + sample) * channels + before; // y[i, j, sample], behind the padding
          for (let k = 0; k < c; k++) y.data[to + k] = x.data[from + k]!;
        }
      }
    }
  },
});

/** Traces every stride-th pixel with padded channels; see `subsampleOp`. */
export const subsample = (x: Tensor, attrs: SubsampleAttrs): Tensor =>
  subsampleOp.trace({ x }, attrs).y;

/** Gradient of `subsample`: dy without the padding where a pixel was taken, zero elsewhere. */
export const subsampleGradOp = defineOp({
  name: "subsampleGrad",
  role: "gradient",
  meaning: "dy without the padded channels at the sampled pixels, 0 elsewhere",
  inputs: {
    dy: "float [OH, OW, N, Cout]",
  },
  outputs: {
    dx: "float [H, W, N, C]",
  },
  attrs: { ...subsampleAttrs, imageSize: sizes("H", "W") },
  gradient: null,
  shape({ dy }, { stride, padChannels: [before, after], imageSize: [h, w] }) {
    const [oh, ow, n, channels] = dims4(dy);
    if (oh !== Math.ceil(h / stride) || ow !== Math.ceil(w / stride)) {
      throw new ShapeError(
        "subsampleGrad",
        `every ${stride}. pixel of a ${h}×${w} image was taken, but dy has ${oh}×${ow} pixels`,
        { dy: { shape: dy.shape, axes: "OH OW N C" } },
      );
    }
    return { dx: { shape: [h, w, n, channels - before - after], dtype: dy.dtype } };
  },
  flops: () => 0,
  reference({ dy }, { dx }, { stride, padChannels: [before] }) {
    const [oh, ow, n, channels] = dims4(dy);
    const [, w, , c] = dims4(dx);
    dx.data.fill(0);
    for (let i = 0; i < oh; i++) {
      for (let j = 0; j < ow; j++) {
        for (let sample = 0; sample < n; sample++) {
          const from = ((i * ow + j) * n + sample) * channels + before;
          const to = ((i * stride * w + j * stride) * n + sample) * c;
          for (let k = 0; k < c; k++) dx.data[to + k] = dy.data[from + k]!;
        }
      }
    }
  },
});
