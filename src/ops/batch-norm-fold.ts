import { number } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import { sizeOf } from "../tensor/shape.js";

/**
 * A normalization with running statistics as one scale and one shift for each channel, which the epilogue of the
 * convolution before it applies: `scale = weight / √(variance + eps)`, `shift = bias + (convBias − mean) · scale`,
 * all `[C]`. `convBias` is the convolution's own bias, where it has one.
 */
export const batchNormFoldOp = defineOp({
  name: "batchNormFold",
  role: "forward",
  meaning: "`scale = weight/√(variance + eps)`, `shift = bias + (convBias − mean) · scale`",
  inputs: {
    mean: "f32 [C]",
    variance: "f32 [C]",
    weight: "f32 [C]",
    bias: "f32 [C]",
    "convBias?": "f32 [C]",
  },
  outputs: {
    scale: "f32 [C]",
    shift: "f32 [C]",
  },
  attrs: { eps: number({ least: 0 }) },
  gradient: null,
  shape: ({ weight, bias }) => ({ scale: weight, shift: bias }),
  flops: ({ weight, convBias }) => (convBias ? 6 : 5) * sizeOf(weight.shape),
  reference({ mean, variance, weight, bias, convBias }, { scale, shift }, { eps }) {
    for (let i = 0; i < scale.data.length; i++) {
      const factor = weight.data[i]! / Math.sqrt(variance.data[i]! + eps);
      scale.data[i] = factor;
      shift.data[i] = bias.data[i]! + ((convBias?.data[i] ?? 0) - mean.data[i]!) * factor;
    }
  },
});
