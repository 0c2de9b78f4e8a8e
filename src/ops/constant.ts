import { number, wholeShape } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import type { Shape } from "../tensor/shape.js";

/** A tensor whose every element is `value`. */
export const constantOp = defineOp({
  name: "constant",
  role: "forward",
  meaning: "Every element is value",
  inputs: {},
  outputs: {
    y: "f32 [...]",
  },
  attrs: { value: number(), shape: wholeShape },
  gradient: null,
  shape: (_, { shape }) => ({ y: { shape, dtype: "f32" } }),
  flops: () => 0,
  reference(_, { y }, { value }) {
    y.data.fill(value);
  },
});

/** Traces a tensor whose every element is `value`. */
export const constant = (value: number, shape: Shape): Tensor =>
  constantOp.trace({}, { value, shape }).y;
