import { sizes } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { dims4 } from "../tensor/shape.js";
import { conv2d } from "./conv2d.js";
import { conv2dInputGradOp, conv2dWeightGrad } from "./conv2d-grad.js";
import { asFilter, asImages } from "./permute.js";
import { convolutionAttrs, convolutionFlops, type ConvolutionAttrs } from "./window.js";

/**
 * Transposed convolution: what the gradient of `conv2d` by its image computes, of an image of features.
 *
 *     x       [H, W, N, Cin]
 *     weight  [KH, KW, Cout/groups, Cin]   that of the convolution whose gradient it is
 *     y       [OH, OW, N, Cout]            H = ⌊(OH + 2p − KH) / s⌋ + 1, W likewise
 */
export const convTranspose2dOp = defineOp({
  name: "convTranspose2d",
  role: "forward",
  meaning: "The gradient of `conv2d` by its image, of x as dy",
  inputs: {
    x: "float [H, W, N, Cin]",
    weight: "f32 [KH, KW, Cout/groups, Cin]",
  },
  outputs: {
    y: "float [OH, OW, N, Cout]",
  },
  attrs: { ...convolutionAttrs, imageSize: sizes("OH", "OW") },
  shape: ({ x, weight }, attrs) => ({
    y: conv2dInputGradOp.shape({ dy: x, weight }, attrs)["dx"]!,
  }),
  gradient({ x, weight, dy, attrs: { stride, padding, groups } }) {
    const [kh, kw] = dims4(weight);
    const window = { stride, padding, groups };
    return {
      x: conv2d(dy, weight, window),
      weight: conv2dWeightGrad(dy, x, { ...window, kernelSize: [kh, kw] }),
    };
  },
  flops: ({ x, weight }, { y }, attrs) => convolutionFlops(y.shape, weight.shape, x.shape, attrs),
  reference({ x, weight }, { y }, attrs) {
    conv2dInputGradOp.reference({ dy: x, weight }, { dx: y }, attrs);
  },
});

/** Traces a transposed convolution to images of `imageSize`. */
export const convTranspose2d = (
  x: Tensor,
  weight: Tensor,
  attrs: ConvolutionAttrs & { readonly imageSize: readonly [number, number] },
): Tensor => convTranspose2dOp.trace({ x: asImages(x), weight: asFilter(weight) }, attrs).y;
