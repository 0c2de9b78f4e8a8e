import { floatDType, number, optional, wholeShape } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import type { DType, Shape } from "../tensor/shape.js";

/** A tensor whose every element is `value`. */
export const constantOp = defineOp({
  name: "constant",
  role: "forward",
  meaning: "Every element is value; f32 without a dtype",
  inputs: {},
  outputs: {
    y: "float [...]",
  },
  /** Without a dtype, f32. */
  attrs: { value: number(), shape: wholeShape, dtype: optional(floatDType) },
  gradient: () => ({}),
  shape: (_, { shape, dtype = "f32" }) => ({ y: { shape, dtype } }),
  flops: () => 0,
  reference(_, { y }, { value }) {
    y.data.fill(value);
  },
});

/** Traces a tensor whose every element is `value`. */
export const constant = (value: number, shape: Shape, dtype: DType = "f32"): Tensor =>
  constantOp.trace({}, { value, shape, ...(dtype === "bf16" && { dtype }) }).y;
