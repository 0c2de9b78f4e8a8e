import { number } from "../graph/attributes.js";
import { defineOp, type Operands } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { UsageError } from "../tensor/error.js";
import { dims4, sizeOf } from "../tensor/shape.js";
import {
  activationAttrs,
  activationGrad,
  noActivation,
  type ActivationAttrs,
} from "./activation.js";

const gradAttrs = { eps: number({ least: 0 }), ...activationAttrs };

/**
 * Gradients of `batchNorm2d` by its parameters, the first of two passes over the batch.
 *
 *     dz      = dy · act′(y)                                    [H, W, N, C]
 *     dbias   = Σ dz                                            [C]
 *     dweight = Σ dz · (x − mean) / √(variance + eps)           [C]
 *
 * `y` is needed where an activation was fused; `dz` where the shortcut's gradient is wanted too.
 */
export const batchNormParamGradOp = defineOp({
  name: "batchNormParamGrad",
  role: "gradient",
  meaning:
    "`dz = dy · act′(y)`, `dbias = Σ dz`, `dweight = Σ dz · (x − mean)/√(variance + eps)`; `y` is needed where there is an activation",
  inputs: {
    dy: "float [H, W, N, C]",
    x: "float [H, W, N, C]",
    mean: "f32 [C]",
    variance: "f32 [C]",
    "y?": "float [H, W, N, C]",
  },
  outputs: {
    dweight: "f32 [C]",
    dbias: "f32 [C]",
    "dz?": "float [H, W, N, C]",
  },
  attrs: gradAttrs,
  inPlace: { dz: ["dy"] },
  gradient: null,
  shape({ dy, x, y }, attrs) {
    const [, , , c] = dims4(x, "batchNormParamGrad");
    requireResult("batchNormParamGrad", y, attrs);
    return {
      dweight: { shape: [c], dtype: "f32" },
      dbias: { shape: [c], dtype: "f32" },
      dz: { shape: x.shape, dtype: dy.dtype },
    };
  },
  flops: ({ x }) => 5 * sizeOf(x.shape),
  reference({ dy, x, mean, variance, y }, { dweight, dbias, dz }, attrs) {
    const c = mean.data.length;
    const inverse = Float64Array.from(variance.data, (v) => 1 / Math.sqrt(v + attrs.eps));
    const weightSums = new Float64Array(c);
    const biasSums = new Float64Array(c);
    for (let i = 0; i < x.data.length; i++) {
      const k = i % c;
      const gradient = y ? activationGrad(dy.data[i]!, y.data[i]!, attrs) : dy.data[i]!;
      biasSums[k]! += gradient;
      weightSums[k]! += gradient * (x.data[i]! - mean.data[k]!) * inverse[k]!;
      if (dz) dz.data[i] = gradient;
    }
    dweight.data.set(weightSums);
    dbias.data.set(biasSums);
  },
});

/** Traces the gradients of a batch normalization by its parameters; see `batchNormParamGradOp`. */
export const batchNormParamGrad = (
  dy: Tensor,
  x: Tensor,
  mean: Tensor,
  variance: Tensor,
  eps: number,
): { readonly dweight: Tensor; readonly dbias: Tensor } =>
  batchNormParamGradOp.trace({ dy, x, mean, variance }, { eps, ...noActivation });

type InputGradOperands = "dy" | "x" | "mean" | "variance" | "weight" | "dweight?" | "dbias?" | "y?";

/**
 * Gradient of `batchNorm2d` by x, the second pass, with M = H·W·N and x̂ the normalized x:
 *
 *     dx = weight / √(variance + eps) · (dz − dbias / M − x̂ · dweight / M)        [H, W, N, C]
 *
 * The last two terms are the paths through mean and variance; with running statistics dweight and dbias are
 * absent, and so are the terms.
 */
export const batchNormInputGradOp = defineOp({
  name: "batchNormInputGrad",
  role: "gradient",
  meaning:
    "`weight/√(variance + eps) · (dz − dbias/M − x̂ · dweight/M)`, M = H·W·N; without dweight and dbias (running statistics) only the first term",
  inputs: {
    dy: "float [H, W, N, C]",
    x: "float [H, W, N, C]",
    mean: "f32 [C]",
    variance: "f32 [C]",
    weight: "f32 [C]",
    "dweight?": "f32 [C]",
    "dbias?": "f32 [C]",
    "y?": "float [H, W, N, C]",
  },
  outputs: {
    dx: "float [H, W, N, C]",
  },
  attrs: gradAttrs,
  inPlace: { dx: ["dy"] },
  gradient: null,
  shape({ dy, x, y }, attrs) {
    requireResult("batchNormInputGrad", y, attrs);
    return { dx: { shape: x.shape, dtype: dy.dtype } };
  },
  flops: ({ x }) => 7 * sizeOf(x.shape),
  reference({ dy, x, mean, variance, weight, dweight, dbias, y }, { dx }, attrs) {
    const c = mean.data.length;
    const count = x.data.length / c;
    const inverse = Float64Array.from(variance.data, (v) => 1 / Math.sqrt(v + attrs.eps));
    for (let i = 0; i < x.data.length; i++) {
      const k = i % c;
      const dz = y ? activationGrad(dy.data[i]!, y.data[i]!, attrs) : dy.data[i]!;
      const normalized = (x.data[i]! - mean.data[k]!) * inverse[k]!;
      // Without dweight x has no part in dx, even where it is NaN.
      const throughStatistics =
        ((dbias?.data[k] ?? 0) + (dweight ? normalized * dweight.data[k]! : 0)) / count;
      dx.data[i] = weight.data[k]! * inverse[k]! * (dz - throughStatistics);
    }
  },
});

/** Traces the gradient of a batch normalization by x; see `batchNormInputGradOp`. */
export const batchNormInputGrad = (
  operands: Operands<InputGradOperands, Tensor>,
  eps: number,
): Tensor => batchNormInputGradOp.trace(operands, { eps, ...noActivation }).dx;

/** @throws {ResnetError} `ERR_ATTRIBUTE` if an activation was fused and its result is not given */
function requireResult(op: string, y: unknown, { activation }: ActivationAttrs): void {
  if (activation === "none" || y !== undefined) return;
  throw new UsageError("ERR_ATTRIBUTE", `${op}: the derivative of ${activation} needs y`);
}
