import { wholeShape } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { sameShape, ShapeError, sizeOf, type Shape } from "../tensor/shape.js";

/** The same elements in the same order of memory, as another shape. */
export const reshapeOp = defineOp({
  name: "reshape",
  role: "forward",
  meaning: "The elements of x, in their order, in another shape",
  inputs: {
    x: "any [*]",
  },
  outputs: {
    y: "any [...]",
  },
  attrs: { shape: wholeShape },
  inPlace: { y: ["x"] },
  shape({ x }, { shape }) {
    if (sizeOf(x.shape) !== sizeOf(shape)) {
      throw new ShapeError(
        "reshape",
        `x has ${sizeOf(x.shape)} elements but the shape ${sizeOf(shape)}`,
        { x: { shape: x.shape }, shape: { shape } },
      );
    }
    return { y: { shape, dtype: x.dtype } };
  },
  gradient: ({ x, dy }) => ({ x: reshape(dy, x.shape) }),
  flops: () => 0,
  reference({ x }, { y }) {
    y.data.set(x.data);
  },
});

/** Traces the elements of x, in the order of memory, in another shape; x itself if it has that shape. */
export const reshape = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : reshapeOp.trace({ x }, { shape }).y;
