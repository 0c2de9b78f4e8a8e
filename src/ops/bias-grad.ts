import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { sizeOf } from "../tensor/shape.js";

/** Gradient by a bias: the sum of `dy […, C]` over every axis but the last, `dbias [C]`. */
export const biasGradOp = defineOp<"dy", "dbias">({
  name: "biasGrad",
  inputs: ["dy"],
  outputs: ["dbias"],
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
