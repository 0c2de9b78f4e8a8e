import { integer } from "../graph/attributes.js";
import { withoutAxes } from "../graph/axis-order.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { sizeOf } from "../tensor/shape.js";
import { checkAxis, forEachLine } from "./softmax.js";

/** The place of the first largest value along an axis, or of the first NaN. */
export const argmaxOp = defineOp({
  name: "argmax",
  role: "forward",
  meaning: "The place of the first largest value along `axis`, or of the first NaN",
  inputs: {
    x: "float [*]",
  },
  outputs: {
    y: "i32 [*]",
  },
  attrs: { axis: integer({ least: 0 }) },
  gradient: null,
  shape({ x }, { axis }) {
    checkAxis("argmax", x.shape, axis);
    const shape = x.shape.filter((_, i) => i !== axis);
    return { y: { shape, dtype: "i32", order: withoutAxes(x.order ?? null, [axis]) } };
  },
  flops: ({ x }) => sizeOf(x.shape),
  reference({ x }, { y }, { axis }) {
    forEachLine(x.shape, axis, (places, line) => {
      let best = 0;
      for (let i = 1; i < places.length && !Number.isNaN(x.data[places[best]!]); i++)
        if (!(x.data[places[i]!]! <= x.data[places[best]!]!)) best = i;
      y.data[line] = best;
    });
  },
});

/** Traces the places of the largest values along an axis of memory. */
export const argmax = (x: Tensor, axis: number): Tensor => argmaxOp.trace({ x }, { axis }).y;
