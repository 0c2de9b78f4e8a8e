import { floatDType, sizes } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { dims2, dims4 } from "../tensor/shape.js";
import { asImages } from "./permute.js";

/**
 * One row of features for each sample: `x [H, W, N, C]` to `y [N, C·H·W]`, features in PyTorch's order C, H, W, so
 * that a linear layer's checkpoint means the same here.
 *
 * y is f32 whatever x is: the classifier behind the convolutions, the logits and the loss are in full precision, and
 * cost next to nothing.
 */
export const flattenOp = defineOp({
  name: "flatten",
  role: "forward",
  meaning: "PyTorch's order of features: C, H, W",
  inputs: {
    x: "float [H, W, N, C]",
  },
  outputs: {
    y: "f32 [N, C·H·W]",
  },
  attrs: {},
  shape({ x }) {
    const [h, w, n, c] = dims4(x, "flatten");
    return { y: { shape: [n, c * h * w], dtype: "f32" } };
  },
  gradient({ x, dy }) {
    const [h, w] = dims4(x);
    const dtype = x.dtype === "bf16" ? "bf16" : "f32";
    return { x: flattenGradOp.trace({ dy }, { imageSize: [h, w], dtype }).dx };
  },
  flops: () => 0,
  reference({ x }, { y }) {
    const [h, w, n, c] = dims4(x);
    forEachFeature(
      h * w,
      n,
      c,
      (pixelMajor, featureMajor) => (y.data[featureMajor] = x.data[pixelMajor]!),
    );
  },
});

/** Traces `x [H, W, N, C]` as rows `[N, C·H·W]`. */
export const flatten = (x: Tensor): Tensor => flattenOp.trace({ x: asImages(x) }, {}).y;

/** Gradient of `flatten`: `dy [N, C·H·W]` back to `dx [H, W, N, C]`, in the image's dtype. */
export const flattenGradOp = defineOp({
  name: "flattenGrad",
  role: "gradient",
  meaning: "The image of the features",
  inputs: {
    dy: "f32 [N, C·H·W]",
  },
  outputs: {
    dx: "float [H, W, N, C]",
  },
  attrs: { imageSize: sizes("H", "W"), dtype: floatDType },
  gradient: null,
  shape({ dy }, { imageSize: [h, w], dtype }) {
    const [n, features] = dims2(dy);
    return { dx: { shape: [h, w, n, features / (h * w)], dtype } };
  },
  flops: () => 0,
  reference({ dy }, { dx }) {
    const [h, w, n, c] = dims4(dx);
    forEachFeature(
      h * w,
      n,
      c,
      (pixelMajor, featureMajor) => (dx.data[pixelMajor] = dy.data[featureMajor]!),
    );
  },
});

function forEachFeature(
  pixels: number,
  n: number,
  c: number,
  visit: (pixelMajor: number, featureMajor: number) => void,
): void {
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let sample = 0; sample < n; sample++) {
      for (let channel = 0; channel < c; channel++) {
        visit((pixel * n + sample) * c + channel, (sample * c + channel) * pixels + pixel);
      }
    }
  }
}
