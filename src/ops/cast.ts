import { floatDType } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { sizeOf, type FloatDType } from "../tensor/shape.js";

/** The same numbers in f32, or rounded to the nearest bf16. */
export const castOp = defineOp({
  name: "cast",
  role: "forward",
  meaning: "The numbers of x as floats, rounded to the nearest",
  inputs: {
    x: "any [...]",
  },
  outputs: {
    y: "float [...]",
  },
  attrs: { dtype: floatDType },
  shape: ({ x }, { dtype }) => ({ y: { shape: x.shape, dtype, order: x.order ?? null } }),
  gradient: ({ x, dy }) => (isFloat(x) ? { x: cast(dy, x.dtype as FloatDType) } : {}),
  flops: ({ x }) => sizeOf(x.shape),
  reference({ x }, { y }) {
    y.data.set(x.data);
  },
});

/** Whether the tensor holds floats, and not integers. */
export const isFloat = ({ dtype }: Tensor): boolean => dtype === "f32" || dtype === "bf16";

/** Traces the numbers of x in another dtype; x itself if it has that one. */
export const cast = (x: Tensor, dtype: FloatDType): Tensor =>
  x.dtype === dtype ? x : castOp.trace({ x }, { dtype }).y;
