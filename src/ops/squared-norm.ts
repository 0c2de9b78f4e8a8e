import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { sizeOf } from "../tensor/shape.js";

/** The sum of the squares of a tensor of any shape, `y [] = addend + Σ x²`; a chain of them is that of many tensors. */
export const squaredNormOp = defineOp({
  name: "squaredNorm",
  role: "update",
  meaning: "`addend + Σ x²`",
  inputs: {
    x: "f32 [...]",
    "addend?": "f32 []",
  },
  outputs: {
    y: "f32 []",
  },
  attrs: {},
  gradient: null,
  shape: () => ({ y: { shape: [], dtype: "f32" } }),
  flops: ({ x }) => 2 * sizeOf(x.shape),
  reference({ x, addend }, { y }) {
    let sum = addend?.data[0] ?? 0;
    for (const value of x.data) sum += value * value;
    y.data[0] = sum;
  },
});

/** Traces the sum of all squares in `tensors`, one after the other. */
export const squaredNorm = (tensors: readonly Tensor[]): Tensor => {
  const [first, ...rest] = tensors;
  let sum = squaredNormOp.trace({ x: first! }, {}).y;
  for (const x of rest) sum = squaredNormOp.trace({ x, addend: sum }, {}).y;
  return sum;
};
