import { Leaf, type Tensor } from "../graph/tensor.js";
import { constant } from "../ops/constant.js";
import { literal } from "../ops/literal.js";
import { ResnetError } from "../tensor/error.js";
import { hostArray, type HostArray } from "../tensor/host-array.js";
import { normal, randomKey, uniform } from "../tensor/random.js";
import { formatShape, sizeOf, type Shape } from "../tensor/shape.js";

let constants = 0;

/** Numbers that may stand in a program; more are inputs of it. */
const mostLiterals = 4096;

/** An input that brings its value with it. `compute` gives it to the run; so must whoever runs a program with one himself. */
export class Constant extends Leaf {
  constructor(readonly value: HostArray) {
    super("input", `constant ${constants++}`, value.shape, value.dtype, null);
  }
}

/** Numbers, or rows of numbers, or rows of these, all equally long. */
export type Nested = number | readonly Nested[];

/**
 * A tensor with these values, as f32: of nested arrays, or of an array with a shape. PyTorch's `tensor`.
 *
 *     tensor([[1, 2], [3, 4]])   // [2, 2]
 *
 * @throws {ResnetError} `ERR_INPUT` if rows have several lengths, or something is not a number
 */
export function tensor(values: Nested | HostArray): Tensor {
  if (typeof values === "object" && "dtype" in values) return new Constant(values);
  const shape = shapeOfRows(values);
  const flat: number[] = [];
  const collect = (row: Nested, axis: number): void => {
    if (typeof row === "number" && axis === shape.length) flat.push(row);
    else if (Array.isArray(row) && row.length === shape[axis])
      for (const each of row as readonly Nested[]) collect(each, axis + 1);
    else {
      const found = Array.isArray(row) ? `a row of ${row.length}` : JSON.stringify(row);
      throw new ResnetError(
        "ERR_INPUT",
        `tensor: rows must be equally long and hold numbers: the first ones have the shape ${formatShape(shape)}, but there is ${found}`,
      );
    }
  };
  collect(values, 0);
  const isSmall = flat.length <= mostLiterals && flat.every(Number.isFinite);
  return isSmall ? literal(flat, shape) : new Constant(hostArray(shape, flat));
}

function shapeOfRows(values: Nested): Shape {
  const shape: number[] = [];
  for (
    let row: Nested | undefined = values;
    Array.isArray(row);
    row = (row as readonly Nested[])[0]
  )
    shape.push(row.length);
  return shape;
}

/** A tensor of that shape whose every element is `value`, as f32. PyTorch's `full`. */
export const full = (shape: Shape, value: number): Tensor => constant(value, shape);
/** A tensor of zeros, as f32. PyTorch's `zeros`. */
export const zeros = (shape: Shape): Tensor => constant(0, shape);
/** A tensor of ones, as f32. PyTorch's `ones`. */
export const ones = (shape: Shape): Tensor => constant(1, shape);

/**
 * The numbers `start, start + step …` before `end`, as f32; with one argument, from 0 on. PyTorch's `arange`.
 *
 * @throws {ResnetError} `ERR_INPUT` if there are none
 */
export function arange(start: number, end?: number, step = 1): Tensor {
  const [from, to] = end === undefined ? [0, start] : [start, end];
  const count = Math.ceil((to - from) / step);
  if (!(count >= 1 && Number.isFinite(count)))
    throw new ResnetError(
      "ERR_INPUT",
      `arange: there are no numbers from ${from} to ${to} in steps of ${step}`,
    );
  return tensor(Array.from({ length: count }, (_, i) => from + i * step));
}

export interface RandomOptions {
  /** The same seed gives the same numbers. Default 0. */
  readonly seed?: number;
}

/** Numbers that are uniform in `[0, 1)`, as f32. PyTorch's `rand`, with other numbers. */
export const rand = (shape: Shape, { seed = 0 }: RandomOptions = {}): Tensor =>
  drawn(shape, (i) => uniform(randomKey(seed, "rand"), i));

/** Numbers of the standard normal distribution, as f32. PyTorch's `randn`, with other numbers. */
export const randn = (shape: Shape, { seed = 0 }: RandomOptions = {}): Tensor =>
  drawn(shape, (i) => normal(randomKey(seed, "randn"), i));

const drawn = (shape: Shape, draw: (i: number) => number): Tensor =>
  new Constant(
    hostArray(
      shape,
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => draw(i)),
    ),
  );
