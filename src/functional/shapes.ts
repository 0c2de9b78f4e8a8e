import type { Tensor } from "../graph/tensor.js";
import { broadcast } from "../ops/broadcast.js";
import { concat as concatInMemory } from "../ops/concat.js";
import { inOrder, permute as permuteInMemory } from "../ops/permute.js";
import { reshape as reshapeInMemory } from "../ops/reshape.js";
import { pad as padInMemory, slice as sliceInMemory } from "../ops/slice.js";
import { ResnetError } from "../tensor/error.js";
import { formatShape, ShapeError, sizeOf, type Shape } from "../tensor/shape.js";
import { inMemory, memoryAxis, plain, shapeOf, userAxis } from "./axes.js";

/** The elements of x in another shape, in row-major order; one size may be -1, and is what is left. PyTorch's `reshape`. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const size = sizeOf(x.shape);
  const known = sizeOf(shape.filter((each) => each !== -1));
  const full = shape.map((each) => (each === -1 ? size / known : each));
  const unknown = shape.filter((each) => each === -1).length;
  if (
    unknown > 1 ||
    sizeOf(full) !== size ||
    !full.every((each) => Number.isInteger(each) && each > 0)
  )
    throw new ShapeError(
      "reshape",
      `${size} elements do not have the shape ${formatShape(shape)}`,
      {
        x: { shape: shapeOf(x) },
      },
    );
  return reshapeInMemory(plain(x), full);
}

/** x without axes from `start` to `end`, which become one. PyTorch's `flatten(x, start_dim, end_dim)`. */
export function flattenAxes(x: Tensor, start = 0, end = -1): Tensor {
  const shape = shapeOf(x);
  const [first, last] = [userAxis("flattenAxes", x, start), userAxis("flattenAxes", x, end)];
  const joined = sizeOf(shape.slice(first, last + 1));
  return reshape(x, [...shape.slice(0, first), joined, ...shape.slice(last + 1)]);
}

/** Axis i of the result is axis `axes[i]` of x. PyTorch's `permute`. */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  const counted = axes.map((axis) => userAxis("permute", x, axis));
  if (counted.length !== x.shape.length || new Set(counted).size !== counted.length) {
    throw new ResnetError(
      "ERR_AXIS",
      `permute: ${formatShape(axes)} must name each of the ${x.shape.length} axes once`,
    );
  }
  return permuteInMemory(
    x,
    counted.map((axis) => (x.order ? x.order.indexOf(axis) : axis)),
  );
}

/** x with two axes exchanged; without any, the last two. PyTorch's `transpose(x, dim0, dim1)`. */
export function transpose(x: Tensor, a = -2, b = -1): Tensor {
  const [first, second] = [userAxis("transpose", x, a), userAxis("transpose", x, b)];
  const axes = x.shape.map((_, axis) => axis);
  [axes[first], axes[second]] = [second, first];
  return permute(x, axes);
}

/** x with a new axis of 1 before `axis`. PyTorch's `unsqueeze(x, dim)`. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const shape = [...shapeOf(x)];
  const at = axis < 0 ? axis + shape.length + 1 : axis;
  if (!Number.isInteger(axis) || at < 0 || at > shape.length)
    throw new ResnetError(
      "ERR_AXIS",
      `unsqueeze: there is no place ${axis} in ${formatShape(shape)}`,
    );
  shape.splice(at, 0, 1);
  return reshape(x, shape);
}

/** x without an axis of 1. PyTorch's `squeeze(x, dim)`, which leaves other axes as they are; here they are refused. */
export function squeeze(x: Tensor, axis: number): Tensor {
  const shape = [...shapeOf(x)];
  const at = userAxis("squeeze", x, axis);
  if (shape[at] !== 1)
    throw new ShapeError("squeeze", `axis ${axis} has ${shape[at]} elements, not 1`, {
      x: { shape },
    });
  shape.splice(at, 1);
  return reshape(x, shape);
}

/** x repeated along axes of 1, and along new first ones, to `shape`. PyTorch's `expand`. */
export const broadcastTo = (x: Tensor, shape: Shape): Tensor => broadcast(plain(x), shape);

/** The tensors one behind the other along an axis. PyTorch's `cat(tensors, dim)`. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const [first, ...rest] = tensors;
  if (!first)
    throw new ResnetError("ERR_INPUT", "concat: takes one tensor or more, but there is none");
  for (const other of rest) {
    const [a, b] = [shapeOf(first), shapeOf(other)];
    const at = userAxis("concat", first, axis);
    if (a.length === b.length && a.every((size, i) => i === at || size === b[i])) continue;
    throw new ShapeError("concat", `the shapes may differ only along axis ${axis}`, {
      first: { shape: a },
      other: { shape: b },
    });
  }
  return concatInMemory(
    [first, ...rest.map((each) => inOrder(each, first.order))],
    memoryAxis("concat", first, axis),
  );
}

/** The tensors side by side along a new axis. PyTorch's `stack(tensors, dim)`. */
export const stack = (tensors: readonly Tensor[], axis = 0): Tensor =>
  concat(
    tensors.map((each) => unsqueeze(each, axis)),
    axis,
  );

/** A range of an axis as in Python: from `start` to before `end`, both counted from the end if negative, every `step`-th. */
export interface SliceRange {
  readonly start?: number;
  readonly end?: number;
  /** Default 1; a negative one goes backwards. */
  readonly step?: number;
}

/**
 * A part of x along one axis: `slice(x, 1, { start: 2, end: -1 })` is NumPy's `x[:, 2:-1]`. Ranges that leave the axis are cut, as in
 * Python.
 *
 * @throws {ShapeError} if nothing is left
 */
export function slice(x: Tensor, axis: number, range: SliceRange): Tensor {
  const at = memoryAxis("slice", x, axis);
  const size = x.shape[at]!;
  const { step = 1 } = range;
  if (!Number.isInteger(step) || step === 0)
    throw new ResnetError(
      "ERR_INPUT",
      `slice: the step must be an integer other than 0, but it is ${step}`,
    );
  const within = (value: number, least: number, most: number): number =>
    Math.min(Math.max(value < 0 ? value + size : value, least), most);
  const isBackwards = step < 0;
  const start = within(
    range.start ?? (isBackwards ? size - 1 : 0),
    0,
    isBackwards ? size - 1 : size,
  );
  const end =
    range.end === undefined
      ? isBackwards
        ? -1
        : size
      : within(range.end, isBackwards ? -1 : 0, size);
  const count = Math.max(0, Math.ceil((end - start) / step));
  if (count === 0) {
    throw new ShapeError(
      "slice",
      `nothing of axis ${axis} lies from ${start} to ${end} in steps of ${step}`,
      {
        x: { shape: shapeOf(x) },
      },
    );
  }
  const along = (value: number, others: number): readonly number[] =>
    x.shape.map((_, i) => (i === at ? value : others));
  const shape = x.shape.map((each, i) => (i === at ? count : each));
  return sliceInMemory(x, shape, { starts: along(start, 0), steps: along(step, 1) });
}

/** x in reversed order along an axis. PyTorch's `flip(x, [dim])`. */
export const flip = (x: Tensor, axis: number): Tensor => slice(x, axis, { step: -1 });

/**
 * x with elements of `value` before and after it along each axis: `pad(x, [[0, 0], [1, 2]])` for two axes. NumPy's `pad` with
 * `mode="constant"`; PyTorch's takes the pairs flat and from the last axis on.
 */
export function pad(
  x: Tensor,
  widths: readonly (readonly [before: number, after: number])[],
  value = 0,
): Tensor {
  if (
    widths.length !== x.shape.length ||
    !widths.flat().every((each) => Number.isInteger(each) && each >= 0)
  ) {
    throw new ResnetError(
      "ERR_INPUT",
      `pad: takes two counts for each of the ${x.shape.length} axes, but there are ${JSON.stringify(widths)}`,
    );
  }
  const ordered = inMemory(x, widths);
  return padInMemory(
    x,
    x.shape.map((size, i) => size + ordered[i]![0] + ordered[i]![1]),
    { starts: ordered.map(([before]) => before), steps: ordered.map(() => 1) },
    value,
  );
}
