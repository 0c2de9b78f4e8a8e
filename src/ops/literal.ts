import { anyNumbers, wholeShape } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { ShapeError, sizeOf, type Shape } from "../tensor/shape.js";

/** A tensor of given numbers: small constants, which stand in the program. */
export const literalOp = defineOp({
  name: "literal",
  role: "forward",
  meaning: "`values`, row-major",
  inputs: {},
  outputs: {
    y: "f32 [...]",
  },
  attrs: { values: anyNumbers, shape: wholeShape },
  shape(_, { values, shape }) {
    if (values.length !== sizeOf(shape)) {
      throw new ShapeError("literal", `there are ${values.length} values, not ${sizeOf(shape)}`, {
        y: { shape },
      });
    }
    return { y: { shape, dtype: "f32" } };
  },
  gradient: () => ({}),
  flops: () => 0,
  reference(_, { y }, { values }) {
    y.data.set(values);
  },
});

/** Traces a tensor of finite numbers. */
export const literal = (values: readonly number[], shape: Shape): Tensor =>
  literalOp.trace({}, { values, shape }).y;
