import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { sameShape, ShapeError, sizeOf } from "../tensor/shape.js";
import { constant } from "./constant.js";

/**
 * Linear interpolation, `y = start + weight · (end − start)`, element by element; weight is a register `[]`. PyTorch's `lerp`.
 *
 * In the place of `start` it is a running mean: of weights, of gradients.
 */
export const lerpOp = defineOp({
  name: "lerp",
  role: "forward",
  meaning: "`start + weight · (end − start)`: averages of weights, of gradients, of losses",
  inputs: {
    start: "f32 [...]",
    end: "f32 [...]",
    weight: "f32 []",
  },
  outputs: {
    y: "f32 [...]",
  },
  attrs: {},
  inPlace: { y: ["start", "end"] },
  shape({ start, end }) {
    if (!sameShape(start.shape, end.shape)) {
      throw new ShapeError("lerp", "start and end must have one shape", {
        start: { shape: start.shape },
        end: { shape: end.shape },
      });
    }
    return { y: start };
  },
  gradient({ weight, dy }) {
    const zero = constant(0, dy.shape);
    return { start: lerp(dy, zero, weight), end: lerp(zero, dy, weight) };
  },
  flops: ({ start }) => 3 * sizeOf(start.shape),
  reference({ start, end, weight }, { y }) {
    const share = weight.data[0]!;
    for (let i = 0; i < y.data.length; i++) {
      const [from, to] = [start.data[i]!, end.data[i]!];
      y.data[i] = share < 0.5 ? from + share * (to - from) : to - (to - from) * (1 - share);
    }
  },
});

/** Traces `start + weight · (end − start)`, for `weight` `[]`. */
export const lerp = (start: Tensor, end: Tensor, weight: Tensor): Tensor =>
  lerpOp.trace({ start, end, weight }, {}).y;
