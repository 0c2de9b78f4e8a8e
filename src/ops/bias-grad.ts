import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { sizeOf } from "../tensor/shape.js";

/** Gradient by a bias: the sum of `dy […, C]` over every axis but the last, `dbias [C]`. */
export const biasGradOp = defineOp({
  name: "biasGrad",
  role: "gradient",
  meaning: "The sum over all axes but the last",
  inputs: {
    dy: "float [..., C]",
  },
  outputs: {
    dbias: "f32 [C]",
  },
  attrs: {},
  gradient: null,
  shape: ({ dy }) => ({ dbias: { shape: [dy.shape.at(-1) ?? 1], dtype: "f32" } }),
  flops: ({ dy }) => sizeOf(dy.shape),
  reference({ dy }, { dbias }) {
    const sums = new Float64Array(dbias.data.length);
    for (let i = 0; i < dy.data.length; i++) sums[i % sums.length]! += dy.data[i]!;
    dbias.data.set(sums);
  },
});

/** Traces the gradient by a bias; see `biasGradOp`. */
export const biasGrad = (dy: Tensor): Tensor => biasGradOp.trace({ dy }, {}).dbias;
