import type { HostArray } from "../tensor/host-array.js";
import type { Shape } from "../tensor/shape.js";

/** 64-bit integers on the host, such as PyTorch's `num_batches_tracked`. */
export interface Int64Array {
  readonly shape: Shape;
  readonly dtype: "i64";
  readonly data: BigInt64Array;
}

/** Signed bytes, such as quantized weights. */
export interface SignedBytes {
  readonly shape: Shape;
  readonly dtype: "i8";
  readonly data: Int8Array;
}

/** An array of a file of weights. */
export type StoredArray = HostArray | Int64Array | SignedBytes;

/** Named tensors of a file, in PyTorch's shapes and order of elements. */
export type Weights = ReadonlyMap<string, StoredArray>;

/** Whether an executor accepts the array. */
export const isHostArray = (array: StoredArray): array is HostArray =>
  array.dtype !== "i64" && array.dtype !== "i8";
