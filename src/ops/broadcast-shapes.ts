import { ShapeError, type NamedShape, type Shape } from "../tensor/shape.js";

/**
 * The shape to which shapes broadcast, as in NumPy and PyTorch: aligned at their last axes, where an axis of 1, or one that is missing, is
 * repeated.
 *
 * @param op and names of the operands, for the error
 * @throws {ShapeError} if two operands have other sizes along an axis, neither of them 1
 */
export function broadcastShapes(op: string, shapes: Readonly<Record<string, Shape>>): Shape {
  const all = Object.values(shapes);
  const rank = Math.max(0, ...all.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = all.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((each) => each !== 1) ?? 1;
    if (sizes.every((each) => each === 1 || each === size)) return size;
    const given = Object.entries(shapes).map(([name, shape]): [string, NamedShape] => [
      name,
      { shape },
    ]);
    const found = [...new Set(sizes.filter((each) => each !== 1))].join(" and ");
    throw new ShapeError(
      op,
      `the shapes do not broadcast: along axis ${axis} there are ${found} elements`,
      Object.fromEntries(given),
    );
  });
}

/** Elements between neighbours along each axis of a row-major array. */
export function stridesOf(shape: Shape): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** The strides of an array of `shape` that is broadcast to `target`: 0 along repeated axes. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const strides = stridesOf(shape);
  const missing = target.length - shape.length;
  return target.map((_, axis) => {
    const own = axis - missing;
    return own < 0 || shape[own] === 1 ? 0 : strides[own]!;
  });
}

/** For each element of `shape`, in row-major order, calls `visit` with its place in each of the arrays with these strides. */
export function walk(
  shape: Shape,
  strides: readonly (readonly number[])[],
  visit: (i: number, places: readonly number[]) => void,
): void {
  const count = shape.reduce((product, size) => product * size, 1);
  const index = shape.map(() => 0);
  const places = strides.map(() => 0);
  for (let i = 0; i < count; i++) {
    visit(i, places);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      const wraps = index[axis] === shape[axis];
      const steps = wraps ? 1 - shape[axis]! : 1;
      strides.forEach((each, k) => (places[k]! += steps * each[axis]!));
      if (!wraps) break;
      index[axis] = 0;
    }
  }
}
