import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { sameShape, ShapeError, sizeOf } from "../tensor/shape.js";
import { checkDType } from "./stored.js";

/** `a + b`, element by element; both have one shape. */
export const addOp = defineOp({
  name: "add",
  role: "forward",
  meaning: "`a + b`",
  inputs: {
    a: "float [...]",
    b: "float [...]",
  },
  outputs: {
    y: "float [...]",
  },
  attrs: {},
  inPlace: { y: ["a", "b"] },
  shape({ a, b }) {
    if (!sameShape(a.shape, b.shape)) {
      throw new ShapeError("add", "a and b must have one shape", {
        a: { shape: a.shape },
        b: { shape: b.shape },
      });
    }
    checkDType("add", ["a", a], ["b", b]);
    return { y: a };
  },
  gradient: ({ dy }) => ({ a: dy, b: dy }),
  flops: ({ a }) => sizeOf(a.shape),
  reference({ a, b }, { y }) {
    for (let i = 0; i < y.data.length; i++) y.data[i] = a.data[i]! + b.data[i]!;
  },
});

/** Traces `a + b`. */
export const add = (a: Tensor, b: Tensor): Tensor => addOp.trace({ a, b }, {}).y;
