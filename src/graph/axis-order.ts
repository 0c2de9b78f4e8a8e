import type { Shape } from "../tensor/shape.js";

/**
 * How a tensor lies in memory: axis i of memory is the axis `order[i]` as users count them. Null where both are the same.
 *
 * Users count as PyTorch does: images are N C H W, weights of convolutions Out In H W, weights of linear layers Out In.
 */
export type AxisOrder = readonly number[] | null;

/** Images: H W N C in memory. */
export const imageOrder: AxisOrder = [2, 3, 0, 1];
/** Weights of convolutions: H W In Out in memory. */
export const filterOrder: AxisOrder = [2, 3, 1, 0];
/** Weights of linear layers: In Out in memory. */
export const matrixOrder: AxisOrder = [1, 0];

/** The order of an operand that is declared with these axes. */
export function orderOfAxes(axes: readonly string[]): AxisOrder {
  if (axes.length === 4)
    return axes[2] === "N" ? imageOrder : axes[0] === "KH" ? filterOrder : null;
  return axes.length === 2 && axes[0] === "In" ? matrixOrder : null;
}

/** Whether both orders are the same. */
export const sameOrder = (a: AxisOrder, b: AxisOrder): boolean =>
  a === b || (a !== null && b !== null && a.join() === b.join());

/** Sizes of the axes as the user counts them, of a tensor with this shape in memory. */
export function userShape({ shape, order }: { shape: Shape; order: AxisOrder }): Shape {
  if (!order) return shape;
  const sizes: number[] = [];
  order.forEach((axis, i) => (sizes[axis] = shape[i]!));
  return sizes;
}

/** The order that is left without some axes of memory. */
export function withoutAxes(order: AxisOrder, dropped: readonly number[]): AxisOrder {
  if (!order) return null;
  const left = order.filter((_, i) => !dropped.includes(i));
  const sorted = [...left].sort((a, b) => a - b);
  const renumbered = left.map((axis) => sorted.indexOf(axis));
  return renumbered.every((axis, i) => axis === i) ? null : renumbered;
}
