import { userShape } from "../graph/axis-order.js";
import type { Tensor } from "../graph/tensor.js";
import { cast, isFloat } from "../ops/cast.js";
import { constant } from "../ops/constant.js";
import { binary } from "../ops/binary.js";
import { inOrder } from "../ops/permute.js";
import { reshape } from "../ops/reshape.js";
import { ResnetError } from "../tensor/error.js";
import { formatShape, type DType, type FloatDType, type Shape } from "../tensor/shape.js";

/** A tensor or a number. */
export type Operand = Tensor | number;

/** The sizes of a tensor's axes as PyTorch counts them: images are N C H W, whatever their order in memory. */
export const shapeOf = (x: Tensor): Shape => userShape(x);

/** An axis as users count it, -1 for the last, from 0 on. @throws {ResnetError} `ERR_AXIS` */
export function userAxis(op: string, x: Tensor, axis: number): number {
  const rank = x.shape.length;
  const counted = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && counted >= 0 && counted < rank) return counted;
  const range = rank === 0 ? "a scalar has none" : `it has the axes ${-rank} to ${rank - 1}`;
  throw new ResnetError(
    "ERR_AXIS",
    `${op}: there is no axis ${axis} of the shape ${formatShape(shapeOf(x))}: ${range}`,
  );
}

/** An axis as users count it, as an axis of memory. */
export function memoryAxis(op: string, x: Tensor, axis: number): number {
  const counted = userAxis(op, x, axis);
  return x.order ? x.order.indexOf(counted) : counted;
}

/** Axes as users count them, or all without any, as ascending axes of memory. @throws {ResnetError} `ERR_AXIS` if one comes twice */
export function memoryAxes(
  op: string,
  x: Tensor,
  axes: number | readonly number[] | undefined,
): readonly number[] {
  if (axes === undefined) return x.shape.map((_, axis) => axis);
  const list = (typeof axes === "number" ? [axes] : axes).map((axis) => memoryAxis(op, x, axis));
  if (new Set(list).size === list.length) return list.sort((a, b) => a - b);
  throw new ResnetError("ERR_AXIS", `${op}: an axis comes twice in ${formatShape(axes as Shape)}`);
}

/** Values for the axes as users count them, in the order of memory. */
export const inMemory = <T>({ order }: Tensor, values: readonly T[]): readonly T[] =>
  order ? order.map((axis) => values[axis]!) : values;

/** The same tensor, row-major in the user's order of axes. */
export const plain = (x: Tensor): Tensor => inOrder(x, null);

/** Operands as elementwise ops take them: their axes in one order of memory, their floats in one dtype; integers become floats. */
export function aligned(operands: readonly Tensor[]): readonly Tensor[] {
  const dtype = commonDType(operands);
  const rank = Math.max(...operands.map(({ shape }) => shape.length));
  const leading = operands
    .filter(({ shape }) => shape.length === rank)
    .reduce((most, each) => (sizeOf(each) > sizeOf(most) ? each : most));
  return operands.map((operand) => {
    const x = cast(operand, dtype);
    if (leading.order === null && x.order === null) return x;
    if (x.shape.length === 0) return x;
    const missing = rank - x.shape.length;
    const raised =
      missing === 0 ? x : reshape(plain(x), [...Array<number>(missing).fill(1), ...shapeOf(x)]);
    return inOrder(raised, leading.order);
  });
}

const sizeOf = ({ shape }: Tensor): number => shape.reduce((product, size) => product * size, 1);

/** bf16 if all floats are bf16, else f32, as PyTorch promotes. */
export function commonDType(operands: readonly Tensor[]): FloatDType {
  const dtypes = operands.filter(isFloat).map(({ dtype }): DType => dtype);
  return dtypes.length > 0 && dtypes.every((dtype) => dtype === "bf16") ? "bf16" : "f32";
}

/** A number as ops take it: infinities and NaN, which attributes cannot be, become tensors. */
export function finite(value: Operand): Operand {
  if (typeof value !== "number" || Number.isFinite(value)) return value;
  const sign = Number.isNaN(value) ? 0 : Math.sign(value);
  return binary("div", constant(sign, []), 0);
}
