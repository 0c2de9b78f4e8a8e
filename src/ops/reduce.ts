import { choice, flag, integers, wholeShape } from "../graph/attributes.js";
import { withoutAxes } from "../graph/axis-order.js";
import { defineOp, type Values } from "../graph/define-op.js";
import type { Tensor } from "../graph/tensor.js";
import { ResnetError } from "../tensor/error.js";
import { formatShape, sameShape, ShapeError, sizeOf, type Shape } from "../tensor/shape.js";
import { stridesOf, walk } from "./broadcast-shapes.js";
import { reshape } from "./reshape.js";

export type ReductionName = "sum" | "mean" | "max" | "min";

const reductionName = choice("sum", "mean", "max", "min");
/** Axes of memory, ascending. */
const reducedAxes = integers({ least: 0 });

/**
 * Sum, mean, largest or smallest value over some axes. NaN among the values gives NaN. Summed in more digits than the result has.
 *
 * The gradient of a largest value is shared evenly by all elements that are equal to it, as by PyTorch's `amax`.
 */
export const reduceOp = defineOp({
  name: "reduce",
  role: "forward",
  meaning:
    "The sum, mean, largest or smallest value over `axes`, which stay as axes of 1 where `keepDims`. NaN among the values gives NaN",
  inputs: {
    x: "float [*]",
  },
  outputs: {
    y: "float [*]",
  },
  attrs: {
    function: reductionName,
    axes: reducedAxes,
    keepDims: flag,
  },
  shape({ x }, { axes, keepDims }) {
    checkAxes("reduce", axes, x.shape);
    const order = x.order ?? null;
    return keepDims
      ? { y: { ...x, shape: keptShape(x.shape, axes) } }
      : {
          y: {
            shape: x.shape.filter((_, axis) => !axes.includes(axis)),
            dtype: x.dtype,
            order: withoutAxes(order, axes),
          },
        };
  },
  gradient({ x, y, dy, attrs: { function: name, axes } }) {
    const isExtremum = name === "max" || name === "min";
    const attrs = { function: name, axes, shape: x.shape };
    return { x: reduceGradOp.trace({ dy, ...(isExtremum && { x, y }) }, attrs).dx };
  },
  flops: ({ x }) => sizeOf(x.shape),
  reference({ x }, { y }, { function: name, axes }) {
    const sums = reduced(x, axes, reductions[name], starts[name]);
    const share = name === "mean" ? x.data.length / y.data.length : 1;
    for (let i = 0; i < y.data.length; i++) y.data[i] = sums[i]! / share;
  },
});

/** Gradient of `reduce`: dy for every element of a sum, its share of a mean, and of equal largest values. */
export const reduceGradOp = defineOp({
  name: "reduceGrad",
  role: "gradient",
  meaning:
    "dy along `axes` (of a sum), over their sizes (of a mean), or `dy · (x = y)` over the number of elements that equal y (of an extremum, which takes x and y)",
  inputs: {
    dy: "float [*]",
    "x?": "float [...]",
    "y?": "float [*]",
  },
  outputs: {
    dx: "float [...]",
  },
  attrs: { function: reductionName, axes: reducedAxes, shape: wholeShape },
  gradient: null,
  shape({ dy, x, y }, { function: name, axes, shape }) {
    checkAxes("reduceGrad", axes, shape);
    const takes = name === "max" || name === "min";
    if (takes ? !x || !y : x || y)
      throw new ResnetError(
        "ERR_ATTRIBUTE",
        "reduceGrad: takes x and y of an extremum, and only then",
      );
    const expected = sizeOf(keptShape(shape, axes));
    const wrong = [dy, ...(y ? [y] : [])].find((operand) => sizeOf(operand.shape) !== expected);
    if (wrong) {
      throw new ShapeError("reduceGrad", `dy and y must have ${expected} elements`, {
        dy: { shape: wrong.shape },
      });
    }
    return { dx: { shape, dtype: dy.dtype } };
  },
  flops: (_, { dx }) => 2 * sizeOf(dx.shape),
  reference({ dy, x, y }, { dx }, { function: name, axes, shape }) {
    const strides = [keptStrides(shape, axes)];
    const isChosen = (i: number, at: number): number => Number(x!.data[i] === y!.data[at]);
    const counts = new Float64Array(dy.data.length);
    if (x) walk(shape, strides, (i, [at]) => (counts[at!]! += isChosen(i, at!)));
    const share = name === "mean" ? dx.data.length / dy.data.length : 1;
    walk(shape, strides, (i, [at]) => {
      const given = dy.data[at!]!;
      dx.data[i] = x ? (given * isChosen(i, at!)) / counts[at!]! : given / share;
    });
  },
});

const keptShape = (shape: Shape, axes: readonly number[]): Shape =>
  shape.map((size, axis) => (axes.includes(axis) ? 1 : size));

/** Strides in the result of a reduction over `axes`: 0 along them. */
const keptStrides = (shape: Shape, axes: readonly number[]): readonly number[] =>
  stridesOf(keptShape(shape, axes)).map((stride, axis) => (axes.includes(axis) ? 0 : stride));

const starts: Readonly<Record<ReductionName, number>> = {
  sum: 0,
  mean: 0,
  max: -Infinity,
  min: Infinity,
};

const reductions: Readonly<Record<ReductionName, (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  mean: (a, b) => a + b,
  max: Math.max,
  min: Math.min,
};

/** The values of x over `axes`, one after the other into one; row-major over the other axes. */
export function reduced(
  x: Values,
  axes: readonly number[],
  combine: (a: number, b: number) => number,
  start: number,
): Float64Array {
  const results = new Float64Array(sizeOf(keptShape(x.shape, axes))).fill(start);
  walk(x.shape, [keptStrides(x.shape, axes)], (i, [at]) => {
    results[at!] = combine(results[at!]!, x.data[i]!);
  });
  return results;
}

/** @throws {ResnetError} unless they are axes of the shape, ascending */
export function checkAxes(op: string, axes: readonly number[], shape: Shape): void {
  const isAscending = axes.every(
    (axis, i) => Number.isInteger(axis) && axis > (axes[i - 1] ?? -1) && axis < shape.length,
  );
  if (isAscending) return;
  throw new ResnetError(
    "ERR_ATTRIBUTE",
    `${op}: the axes must ascend from 0 to ${shape.length - 1}, but they are ${formatShape(axes)}`,
  );
}

/** Traces a reduction over axes of memory, which ascend. */
export const reduce = (
  x: Tensor,
  name: ReductionName,
  axes: readonly number[],
  keepDims = false,
): Tensor => reduceOp.trace({ x }, { function: name, axes, keepDims }).y;

/** Traces the sum over the axes along which a tensor of `shape` was repeated to the shape of x: the gradient of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const missing = x.shape.length - shape.length;
  const axes = x.shape.flatMap((size, axis) =>
    axis < missing || (shape[axis - missing] === 1 && size > 1) ? [axis] : [],
  );
  const sum = axes.length > 0 ? reduce(x, "sum", axes, true) : x;
  return reshape(sum, shape);
}
