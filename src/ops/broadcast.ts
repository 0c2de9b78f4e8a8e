import { wholeShape } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { sameShape, ShapeError, type Shape } from "../tensor/shape.js";
import { broadcastShapes, broadcastStrides, walk } from "./broadcast-shapes.js";
import { sumTo } from "./reduce.js";

/** A tensor repeated along axes of 1, or along new first axes, to `shape`. */
export const broadcastOp = defineOp({
  name: "broadcast",
  role: "forward",
  meaning: "x, repeated along axes of 1 and along new first axes, to `shape`",
  inputs: {
    x: "any [*]",
  },
  outputs: {
    y: "any [...]",
  },
  attrs: { shape: wholeShape },
  shape({ x }, { shape }) {
    if (!sameShape(broadcastShapes("broadcast", { x: x.shape, y: shape }), shape)) {
      throw new ShapeError("broadcast", "x does not broadcast to the shape", {
        x: { shape: x.shape },
        y: { shape },
      });
    }
    const isSameRank = shape.length === x.shape.length;
    return { y: { shape, dtype: x.dtype, ...(isSameRank && { order: x.order ?? null }) } };
  },
  gradient: ({ x, dy }) => ({ x: sumTo(dy, x.shape) }),
  flops: () => 0,
  reference({ x }, { y }) {
    walk(y.shape, [broadcastStrides(x.shape, y.shape)], (i, [at]) => (y.data[i] = x.data[at!]!));
  },
});

/** Traces x, repeated to `shape`; x itself if it has that shape. */
export const broadcast = (x: Tensor, shape: Shape): Tensor =>
  sameShape(x.shape, shape) ? x : broadcastOp.trace({ x }, { shape }).y;
