import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { dims2, sameShape, ShapeError, sizeOf } from "../tensor/shape.js";
import { biasGrad } from "./bias-grad.js";
import { gemm, gemmTransposedA, gemmTransposedB } from "./gemm.js";

/**
 * Fully connected layer: `y = x · weight + bias`.
 *
 *     x [N, In]   weight [In, Out]   bias [Out]   y [N, Out]
 */
export const linearOp = defineOp({
  name: "linear",
  role: "forward",
  meaning: "`x · weight + bias`",
  inputs: {
    x: "f32 [N, In]",
    weight: "f32 [In, Out]",
    "bias?": "f32 [Out]",
  },
  outputs: {
    y: "f32 [N, Out]",
  },
  attrs: {},

  shape({ x, weight, bias }) {
    const [n, k] = dims2(x, "linear", "x", "N In");
    const [weightIn, out] = dims2(weight, "linear", "weight", "In Out");
    if (k !== weightIn) {
      throw new ShapeError("linear", `x has ${k} features but weight takes ${weightIn}`, {
        x: { shape: x.shape, axes: "N In" },
        weight: { shape: weight.shape, axes: "In Out" },
      });
    }
    if (bias && !sameShape(bias.shape, [out])) {
      throw new ShapeError("linear", `bias must have ${out} values, one for each output`, {
        weight: { shape: weight.shape, axes: "In Out" },
        bias: { shape: bias.shape, axes: "Out" },
      });
    }
    return { y: { shape: [n, out], dtype: x.dtype } };
  },

  gradient: ({ x, weight, bias, dy }) => ({
    x: linearInputGradOp.trace({ dy, weight }, {}).dx,
    weight: linearWeightGradOp.trace({ x, dy }, {}).dweight,
    ...(bias && { bias: biasGrad(dy) }),
  }),

  flops: ({ x, weight }) => 2 * x.shape[0]! * sizeOf(weight.shape),

  reference({ x, weight, bias }, { y }) {
    const [n, k] = dims2(x);
    const [, out] = dims2(y);
    const sums = new Float64Array(n * out);
    gemm(rows(sums, out), rows(x.data, k), rows(weight.data, out), n, out, k);
    for (let i = 0; i < sums.length; i++) y.data[i] = sums[i]! + (bias?.data[i % out] ?? 0);
  },
});

/** Traces a fully connected layer; see `linearOp`. */
export const linear = (x: Tensor, weight: Tensor, bias?: Tensor): Tensor =>
  linearOp.trace({ x, weight, bias }, {}).y;

/** Gradient of `linear` by x: `dx [N, In] = dy [N, Out] · weightᵀ`. */
export const linearInputGradOp = defineOp({
  name: "linearInputGrad",
  role: "gradient",
  meaning: "`dy · weightᵀ`",
  inputs: {
    dy: "f32 [N, Out]",
    weight: "f32 [In, Out]",
  },
  outputs: {
    dx: "f32 [N, In]",
  },
  attrs: {},
  gradient: null,
  shape: ({ dy, weight }) => ({ dx: { shape: [dims2(dy)[0], dims2(weight)[0]], dtype: dy.dtype } }),
  flops: ({ dy, weight }) => 2 * dy.shape[0]! * sizeOf(weight.shape),
  reference({ dy, weight }, { dx }) {
    const [n, out] = dims2(dy);
    const [, k] = dims2(dx);
    const sums = new Float64Array(n * k);
    gemmTransposedB(rows(sums, k), rows(dy.data, out), rows(weight.data, out), n, k, out);
    dx.data.set(sums);
  },
});

/** Gradient of `linear` by its weight: `dweight [In, Out] = xᵀ · dy`. */
export const linearWeightGradOp = defineOp({
  name: "linearWeightGrad",
  role: "gradient",
  meaning: "`xᵀ · dy`",
  inputs: {
    x: "f32 [N, In]",
    dy: "f32 [N, Out]",
  },
  outputs: {
    dweight: "f32 [In, Out]",
  },
  attrs: {},
  gradient: null,
  shape: ({ x, dy }) => ({ dweight: { shape: [dims2(x)[1], dims2(dy)[1]], dtype: "f32" } }),
  flops: ({ x }, { dweight }) => 2 * x.shape[0]! * sizeOf(dweight.shape),
  reference({ x, dy }, { dweight }) {
    const [n, k] = dims2(x);
    const [, out] = dims2(dy);
    const sums = new Float64Array(k * out);
    gemmTransposedA(rows(sums, out), rows(x.data, k), rows(dy.data, out), k, out, n);
    dweight.data.set(sums);
  },
});

const rows = <T>(data: T, stride: number): { data: T; at: number; stride: number } => ({
  data,
  at: 0,
  stride,
});
