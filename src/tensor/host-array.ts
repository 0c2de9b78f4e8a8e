import { ResnetError } from "./error.js";
import { formatShape, sizeOf, type DType, type Shape } from "./shape.js";

/** The typed array that holds each dtype on the host. */
export interface ElementArrays {
  readonly f32: Float32Array;
  /** The bits of each value; `tensor/bf16.ts` converts. */
  readonly bf16: Uint16Array;
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
}

/** Values on the host: a shape and a flat typed array, last axis innermost. */
export interface HostArray<D extends DType = DType> {
  readonly shape: Shape;
  readonly dtype: D;
  readonly data: ElementArrays[D];
}

/** The constructor of each dtype's typed array. */
export const elementArrays = {
  f32: Float32Array,
  bf16: Uint16Array,
  i32: Int32Array,
  u8: Uint8Array,
} as const;

/** A zero-filled typed array of `length` elements. */
export const allocate = <D extends DType>(dtype: D, length: number): ElementArrays[D] =>
  new elementArrays[dtype](length) as ElementArrays[D];

/**
 * Wraps `data` (not copied when it already is the dtype's typed array) as a host array.
 *
 * @throws {ResnetError} `ERR_LENGTH` if the number of values is not the product of `shape`
 */
export function hostArray(shape: Shape, data?: ArrayLike<number>): HostArray<"f32">;
export function hostArray<D extends DType>(
  shape: Shape,
  data: ArrayLike<number> | undefined,
  dtype: D,
): HostArray<D>;
export function hostArray(shape: Shape, data?: ArrayLike<number>, dtype: DType = "f32"): HostArray {
  const size = sizeOf(shape);
  if (data && data.length !== size) {
    throw new ResnetError(
      "ERR_LENGTH",
      `hostArray: shape ${formatShape(shape)} takes ${size} values but ${data.length} were given`,
    );
  }
  const constructor = elementArrays[dtype];
  const values =
    data instanceof constructor ? data : data ? constructor.from(data) : new constructor(size);
  return { shape, dtype, data: values };
}
