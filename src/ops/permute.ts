import { integers } from "../graph/attributes.js";
import { filterOrder, imageOrder, sameOrder, type AxisOrder } from "../graph/axis-order.js";
import { defineOp } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { ResnetError } from "../tensor/error.js";
import { formatShape } from "../tensor/shape.js";
import { stridesOf, walk } from "./broadcast-shapes.js";

/** The axes in another order: axis i of y is axis `axes[i]` of x. */
export const permuteOp = defineOp({
  name: "permute",
  role: "forward",
  meaning: "Axis i of y is axis `axes[i]` of x",
  inputs: {
    x: "any [*]",
  },
  outputs: {
    y: "any [*]",
  },
  attrs: { axes: integers({ least: 0 }) },
  shape({ x }, { axes }) {
    if ([...axes].sort((a, b) => a - b).join() !== x.shape.map((_, axis) => axis).join()) {
      throw new ResnetError(
        "ERR_ATTRIBUTE",
        `permute: ${formatShape(axes)} must name each of the ${x.shape.length} axes of x once`,
      );
    }
    return { y: { shape: axes.map((axis) => x.shape[axis]!), dtype: x.dtype } };
  },
  gradient: ({ dy, attrs: { axes } }) => ({
    x: permute(
      dy,
      axes.map((_, axis) => axes.indexOf(axis)),
    ),
  }),
  flops: () => 0,
  reference({ x }, { y }, { axes }) {
    const strides = stridesOf(x.shape);
    const inY = axes.map((axis) => strides[axis]!);
    walk(y.shape, [inY], (i, [at]) => (y.data[i] = x.data[at!]!));
  },
});

/** Traces the axes of memory in another order. */
export const permute = (x: Tensor, axes: readonly number[]): Tensor =>
  permuteOp.trace({ x }, { axes }).y;

/** The same tensor to the user, with its axes in memory in another order. */
export function inOrder(x: Tensor, order: AxisOrder): Tensor {
  if (sameOrder(x.order, order)) return x;
  const rank = x.shape.map((_, axis) => axis);
  const from = x.order ?? rank;
  const moved = permute(
    x,
    (order ?? rank).map((axis) => from.indexOf(axis)),
  );
  moved.order = order;
  return moved;
}

/** Images as H W N C in memory, if they are row-major as N C H W. */
export const asImages = (x: Tensor): Tensor =>
  x.shape.length === 4 && x.order === null ? inOrder(x, imageOrder) : x;

/** A convolution's weight as H W In Out in memory, if it is row-major as Out In H W. */
export const asFilter = (x: Tensor): Tensor =>
  x.shape.length === 4 && x.order === null ? inOrder(x, filterOrder) : x;
