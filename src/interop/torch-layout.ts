/**
 * Converts between our order of axes and PyTorch's.
 *
 *     here                     PyTorch
 *     images   H W N C         N C H W
 *     rank 4   H W In Out      Out In H W      (a convolution's weight)
 *     rank 2   In Out          Out In          (a linear layer's weight)
 */

import { allocate, type HostArray } from "../tensor/host-array.js";
import { formatShape, type DType, type Shape } from "../tensor/shape.js";
import { InteropError } from "./interop-error.js";

/** Converts a weight to PyTorch's order; arrays of another rank than 2 or 4 are returned unchanged. */
export function toTorchLayout<D extends DType>(array: HostArray<D>): HostArray<D> {
  const [a, b, c, d] = array.shape;
  if (array.shape.length === 4) return reverseAxes(array, [a! * b!, c!, d!], [d!, c!, a!, b!]);
  return array.shape.length === 2 ? reverseAxes(array, [a!, 1, b!], [b!, a!]) : array;
}

/** Converts a weight from PyTorch's order; arrays of another rank than 2 or 4 are returned unchanged. */
export function fromTorchLayout<D extends DType>(array: HostArray<D>): HostArray<D> {
  const [a, b, c, d] = array.shape;
  if (array.shape.length === 4) return reverseAxes(array, [a!, b!, c! * d!], [c!, d!, b!, a!]);
  return array.shape.length === 2 ? reverseAxes(array, [a!, 1, b!], [b!, a!]) : array;
}

/** Side of the tiles that are copied at once: both sides of a tile fit into the first-level cache. */
const tile = 16;

/** A copy of `[A, B, C]` as `[C, B, A]`, in tiles, which takes less than half the time of a simple loop. */
function reverseAxes<D extends DType>(
  { dtype, data }: HostArray<D>,
  [A, B, C]: readonly [number, number, number],
  shape: Shape,
): HostArray<D> {
  const reversed = allocate(dtype, data.length);
  for (const [aStart, aEnd] of tilesOf(A)) {
    for (const [bStart, bEnd] of tilesOf(B)) {
      for (const [cStart, cEnd] of tilesOf(C)) {
        for (let c = cStart; c < cEnd; c++) {
          for (let a = aStart; a < aEnd; a++) {
            for (let b = bStart; b < bEnd; b++) {
              reversed[(c * B + b) * A + a] = data[(a * B + b) * C + c]!;
            }
          }
        }
      }
    }
  }
  return { shape, dtype, data: reversed };
}

const tilesOf = (length: number): (readonly [start: number, end: number])[] =>
  Array.from({ length: Math.ceil(length / tile) }, (_, i) => [
    i * tile,
    Math.min((i + 1) * tile, length),
  ]);

/**
 * Images `[N, C, H, W]` as `[H, W, N, C]`.
 *
 * @throws {InteropError} `ERR_LAYOUT` if there are not 4 axes
 */
export const nchwToHwnc = <D extends DType>(images: HostArray<D>): HostArray<D> =>
  permuteAxes(require4(images, "nchwToHwnc", "N C H W"), [2, 3, 0, 1]);

/**
 * Images `[H, W, N, C]` as `[N, C, H, W]`.
 *
 * @throws {InteropError} `ERR_LAYOUT` if there are not 4 axes
 */
export const hwncToNchw = <D extends DType>(images: HostArray<D>): HostArray<D> =>
  permuteAxes(require4(images, "hwncToNchw", "H W N C"), [2, 3, 0, 1]);

function require4<D extends DType>(array: HostArray<D>, name: string, axes: string): HostArray<D> {
  if (array.shape.length === 4) return array;
  const found = `the array's shape is ${formatShape(array.shape)}`;
  throw new InteropError("ERR_LAYOUT", `${name}: takes the 4 axes ${axes} but ${found}`);
}

/** A copy whose axis i is axis `order[i]` of `array`. */
export function permuteAxes<D extends DType>(
  array: HostArray<D>,
  order: readonly number[],
): HostArray<D> {
  const { dtype, data } = array;
  const shape = order.map((axis) => array.shape[axis]!);
  const allStrides = stridesOf(array.shape);
  const strides = order.map((axis) => allStrides[axis]!);
  const permuted = allocate(dtype, data.length);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < permuted.length; to++) {
    permuted[to] = data[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!; // this axis starts again, and the next outer one advances
      index[axis] = 0;
    }
  }
  return { shape, dtype, data: permuted };
}

/** Elements between neighbours along each axis. */
function stridesOf(shape: Shape): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  }
  return strides;
}
