import { number } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";

/**
 * The factor that brings the norm of gradients down to at most `maxNorm`:
 *
 *     norm  [] = √squaredNorm
 *     scale [] = min(1, maxNorm / (norm + 1e-6))
 *
 * PyTorch's `clip_grad_norm_`. If the norm is NaN, the scale is NaN.
 */
export const clipScaleOp = defineOp({
  name: "clipScale",
  role: "update",
  meaning:
    "`norm = √squaredNorm`, `scale = min(1, maxNorm / (norm + 1e-6))`, as PyTorch's `clip_grad_norm_`",
  inputs: {
    squaredNorm: "f32 []",
  },
  outputs: {
    scale: "f32 []",
    "norm?": "f32 []",
  },
  attrs: { maxNorm: number() },
  gradient: null,
  shape: () => ({ scale: { shape: [], dtype: "f32" }, norm: { shape: [], dtype: "f32" } }),
  flops: () => 4,
  reference({ squaredNorm }, { scale, norm }, { maxNorm }) {
    const root = Math.sqrt(squaredNorm.data[0]!);
    if (norm) norm.data[0] = root;
    scale.data[0] = Math.min(1, maxNorm / (root + 1e-6));
  },
});

/** Traces the norm behind a sum of squares, and the scale that brings it down to `maxNorm`. */
export const clipScale = (
  squaredNorm: Tensor,
  maxNorm: number,
): { readonly scale: Tensor; readonly norm: Tensor } =>
  clipScaleOp.trace({ squaredNorm }, { maxNorm });
