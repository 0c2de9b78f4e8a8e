import { describeValue } from "./check-options.js";
import { ResnetError, UsageError } from "./error.js";
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
 * @throws {ResnetError} `ERR_SHAPE` if a size is not a whole number of 0 or more; `ERR_LENGTH` if the number of values is not the
 *   product of `shape`; `ERR_MEMORY` if zeros of that shape do not fit into memory
 */
export function hostArray(shape: Shape, data?: ArrayLike<number>): HostArray<"f32">;
export function hostArray<D extends DType>(
  shape: Shape,
  data: ArrayLike<number> | undefined,
  dtype: D,
): HostArray<D>;
export function hostArray(shape: Shape, data?: ArrayLike<number>, dtype: DType = "f32"): HostArray {
  if (!Array.isArray(shape) || shape.some((each) => typeof each !== "number")) {
    throw new UsageError(
      "ERR_SHAPE",
      `hostArray: the shape is ${describeShape(shape)}, but it must be an array of numbers: ` +
        "hostArray([2, 2], [1, 2, 3, 4]) has two rows of two values",
    );
  }
  if (!shape.every(isSize)) {
    throw new UsageError(
      "ERR_SHAPE",
      `the shape of an array is ${formatShape(shape)}: it takes whole numbers of 0 or more`,
    );
  }
  const size = sizeOf(shape);
  if (data && data.length !== size) {
    throw new ResnetError(
      "ERR_LENGTH",
      `an array of shape ${formatShape(shape)} takes ${size} values but ${data.length} were given`,
    );
  }
  const constructor = elementArrays[dtype];
  const values =
    data instanceof constructor ? data : data ? constructor.from(data) : zeros(dtype, shape);
  return { shape, dtype, data: values };
}

const describeShape = (shape: unknown): string =>
  Array.isArray(shape) ? JSON.stringify(shape) : describeValue(shape);

const isSize = (size: unknown): boolean => Number.isSafeInteger(size) && Number(size) >= 0;

function zeros(dtype: DType, shape: Shape): ElementArrays[DType] {
  try {
    return allocate(dtype, sizeOf(shape));
  } catch (cause) {
    throw new ResnetError(
      "ERR_MEMORY",
      `there is no memory for an array of shape ${formatShape(shape)} of ${dtype}`,
      { cause },
    );
  }
}

/** Refuses what has the type of a host array but not its form. @throws {ResnetError} with `code` */
export function checkHostArray(what: string, value: HostArray, code: string): void {
  const { shape, dtype, data } = (value ?? {}) as Partial<HostArray>;
  const isShape = Array.isArray(shape) && shape.every(isSize);
  if (!isShape || dtype === undefined || !Object.hasOwn(elementArrays, dtype)) {
    throw new ResnetError(
      code,
      `${what} needs a shape and one of the dtypes ${Object.keys(elementArrays).join(", ")}`,
    );
  }
  if (!(data instanceof elementArrays[dtype]) || data.length !== sizeOf(shape)) {
    const due = `${sizeOf(shape)} elements in a ${elementArrays[dtype].name}`;
    throw new ResnetError(
      code,
      `${what} of shape ${formatShape(shape)} needs ${due}, but has ${data?.length ?? "none"}`,
    );
  }
}
