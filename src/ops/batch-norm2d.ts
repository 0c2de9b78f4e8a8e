import { choice, number } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { dims4, sameShape, ShapeError, sizeOf } from "../tensor/shape.js";
import { activate, activationAttrs, noActivation } from "./activation.js";
import { batchNormInputGrad, batchNormParamGrad } from "./batch-norm2d-grad.js";
import { batchNormStatisticsOp } from "./batch-norm-statistics.js";
import { checkDType } from "./stored.js";
import { requireUnfused } from "./require-unfused.js";
import { asImages } from "./permute.js";

/**
 * Batch normalization with given statistics: `y = act((x − mean) / √(variance + eps) · weight + bias + residual)`.
 *
 *     x, residual, y                 [H, W, N, C]
 *     mean, variance, weight, bias   [C]     variance is the biased one
 *
 * Users trace `batchNorm2d`; the planner adds residual and activation when it fuses.
 * Source: Ioffe and Szegedy 2015, arXiv:1502.03167.
 */
export const batchNorm2dOp = defineOp({
  name: "batchNorm2d",
  role: "forward",
  meaning:
    "`act((x − mean)/√(variance + eps) · weight + bias + residual)`. `statistics` affects only the gradient",
  inputs: {
    x: "float [H, W, N, C]",
    mean: "f32 [C]",
    variance: "f32 [C]",
    weight: "f32 [C]",
    bias: "f32 [C]",
    "residual?": "float [H, W, N, C]",
  },
  outputs: {
    y: "float [H, W, N, C]",
  },
  attrs: {
    /** Added to the variance, so that a constant channel divides by something. */
    eps: number({ least: 0 }),
    /** Where mean and variance come from: this batch (they depend on x) or running averages (constants). */
    statistics: choice("batch", "running"),
    ...activationAttrs,
  },
  epilogue: { addend: "residual", activates: true },
  isCheap: true,
  inPlace: { y: ["x", "residual"] },

  shape({ x, residual, ...vectors }) {
    const [, , , c] = dims4(x, "batchNorm2d");
    for (const [name, vector] of Object.entries(vectors)) {
      if (!sameShape(vector.shape, [c])) {
        throw new ShapeError(
          "batchNorm2d",
          `x has ${c} channels but ${name} has ${sizeOf(vector.shape)} values`,
          {
            x: { shape: x.shape, axes: "H W N C" },
            [name]: { shape: vector.shape, axes: "C" },
          },
        );
      }
    }
    if (residual && !sameShape(residual.shape, x.shape)) {
      throw new ShapeError("batchNorm2d", "the residual must have the shape of x", {
        x: { shape: x.shape, axes: "H W N C" },
        residual: { shape: residual.shape, axes: "H W N C" },
      });
    }
    if (residual) checkDType("batchNorm2d", ["x", x], ["residual", residual]);
    return { y: { shape: x.shape, dtype: x.dtype } };
  },

  gradient({ x, mean, variance, weight, residual, dy, attrs: { eps, statistics, activation } }) {
    requireUnfused("batchNorm2d", activation, { residual });
    const { dweight, dbias } = batchNormParamGrad(dy, x, mean, variance, eps);
    const sums = statistics === "batch" ? { dweight, dbias } : {};
    return {
      x: batchNormInputGrad({ dy, x, mean, variance, weight, ...sums }, eps),
      weight: dweight,
      bias: dbias,
    };
  },

  flops: ({ x }) => 4 * sizeOf(x.shape),

  reference({ x, mean, variance, weight, bias, residual }, { y }, attrs) {
    const c = mean.data.length;
    const scale = Float64Array.from(
      weight.data,
      (w, i) => w / Math.sqrt(variance.data[i]! + attrs.eps),
    );
    for (let i = 0; i < x.data.length; i++) {
      const k = i % c;
      const value =
        (x.data[i]! - mean.data[k]!) * scale[k]! + bias.data[k]! + (residual?.data[i] ?? 0);
      y.data[i] = activate(value, attrs);
    }
  },
});

/** Parameters of a batch normalization, `[C]` each. */
export interface BatchNormParameters {
  readonly weight: Tensor;
  readonly bias: Tensor;
}

/** Statistics that a batch normalization used, `[C]` each. */
export interface BatchNormStatistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** Traces a normalization with given running statistics: evaluation mode. */
export const batchNorm2d = (
  x: Tensor,
  { weight, bias }: BatchNormParameters,
  { mean, variance }: BatchNormStatistics,
  eps: number,
): Tensor =>
  batchNorm2dOp.trace(
    { x: asImages(x), mean, variance, weight, bias },
    { eps, statistics: "running", ...noActivation },
  ).y;

/** Traces a normalization with the batch's own statistics, which it returns as well: training mode. */
export function batchNorm2dTraining(
  image: Tensor,
  { weight, bias }: BatchNormParameters,
  eps: number,
): { readonly y: Tensor } & BatchNormStatistics {
  const x = asImages(image);
  const { mean, variance } = batchNormStatisticsOp.trace({ x }, {});
  const attrs = { eps, statistics: "batch", ...noActivation } as const;
  return { y: batchNorm2dOp.trace({ x, mean, variance, weight, bias }, attrs).y, mean, variance };
}
