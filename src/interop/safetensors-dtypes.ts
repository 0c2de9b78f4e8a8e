/** The element types of safetensors, and their conversion to arrays on the host. */

import type { StoredArray } from "./stored-array.js";

type StoredData = StoredArray["data"];

export interface ElementType {
  /** Bytes of an element in the file. */
  readonly bytes: number;
  readonly dtype: StoredArray["dtype"];
  /** Bytes of an element on the host. */
  readonly hostBytes: number;
  /** Whether elements are converted to another type. */
  readonly isConverted: boolean;
  readonly allocate: (length: number) => StoredData;
  /** @param view the tensor's bytes, little-endian */
  readonly read: (view: DataView, length: number) => StoredData;
}

/** Whether this machine has the byte order of the file. */
export const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** A type that a typed array can hold without conversion: a view of the file if aligned, else a copy. */
function asItIs<Data extends StoredData>(
  dtype: StoredArray["dtype"],
  constructor: {
    readonly BYTES_PER_ELEMENT: number;
    new (length: number): Data;
    new (buffer: ArrayBufferLike, byteOffset: number, length: number): Data;
  },
  get: (view: DataView, offset: number) => number | bigint,
): ElementType {
  const bytes = constructor.BYTES_PER_ELEMENT;
  return {
    bytes,
    dtype,
    hostBytes: bytes,
    isConverted: false,
    allocate: (length) => new constructor(length),
    read(view, length) {
      if (view.byteOffset % bytes === 0 && (isLittleEndian || bytes === 1)) {
        return new constructor(view.buffer, view.byteOffset, length);
      }
      const data = new constructor(length);
      for (let i = 0; i < length; i++) data[i] = get(view, i * bytes);
      return data;
    },
  };
}

/** A type whose elements are converted to a type of 4 bytes. */
function converted(
  bytes: number,
  dtype: "f32" | "i32",
  get: (view: DataView, offset: number) => number,
): ElementType {
  const allocate = (length: number): Float32Array | Int32Array =>
    dtype === "f32" ? new Float32Array(length) : new Int32Array(length);
  return {
    bytes,
    dtype,
    hostBytes: 4,
    isConverted: true,
    allocate,
    read(view, length) {
      const data = allocate(length);
      for (let i = 0; i < length; i++) data[i] = get(view, i * bytes);
      return data;
    },
  };
}

const readable = {
  BOOL: asItIs("u8", Uint8Array, (view, at) => view.getUint8(at)),
  U8: asItIs("u8", Uint8Array, (view, at) => view.getUint8(at)),
  I8: asItIs("i8", Int8Array, (view, at) => view.getInt8(at)),
  I16: converted(2, "i32", (view, at) => view.getInt16(at, true)),
  U16: converted(2, "i32", (view, at) => view.getUint16(at, true)),
  F16: converted(2, "f32", (view, at) => float16ToFloat32(view.getUint16(at, true))),
  BF16: converted(2, "f32", (view, at) => bfloat16ToFloat32(view.getUint16(at, true))),
  I32: asItIs("i32", Int32Array, (view, at) => view.getInt32(at, true)),
  F32: asItIs("f32", Float32Array, (view, at) => view.getFloat32(at, true)),
  F64: converted(8, "f32", (view, at) => view.getFloat64(at, true)),
  I64: asItIs("i64", BigInt64Array, (view, at) => view.getBigInt64(at, true)),
} as const satisfies Record<string, ElementType>;

/** The types that can be read, by their names in the file. */
export const elementTypes: ReadonlyMap<string, ElementType> = new Map(Object.entries(readable));

/** The written type of each dtype, largest elements first, so that all are aligned. */
export const writtenTypes = [
  ["i64", "I64"],
  ["f32", "F32"],
  ["i32", "I32"],
  ["u8", "U8"],
  ["i8", "I8"],
] as const satisfies readonly (readonly [StoredArray["dtype"], keyof typeof readable])[];

/** Reads `bytes` bytes of a tensor, from byte `start` of it. */
export type ReadBytes = (start: number, bytes: number) => Promise<Uint8Array>;

/** Elements that are read at once. */
const piece = 2 ** 18;

/** Yields elements on the host, piece by piece, each with the index of its first element. */
export async function* elementPieces(
  type: ElementType,
  length: number,
  readBytes: ReadBytes,
): AsyncGenerator<{ readonly at: number; readonly values: StoredData }, void> {
  for (let at = 0; at < length; at += piece) {
    const count = Math.min(piece, length - at);
    const bytes = await readBytes(at * type.bytes, count * type.bytes);
    yield { at, values: type.read(viewOf(bytes), count) };
  }
}

/**
 * Reads elements. Types that are converted are read in pieces, so that the bytes of a large tensor are never in
 * memory beside the result.
 */
export async function readElements(
  type: ElementType,
  length: number,
  readBytes: ReadBytes,
): Promise<StoredData> {
  if (!type.isConverted) {
    return type.read(viewOf(await readBytes(0, length * type.bytes)), length);
  }
  const data = type.allocate(length);
  for await (const { at, values } of elementPieces(type, length, readBytes)) {
    data.set(values as never, at);
  }
  return data;
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** The two 16-bit floating-point formats, widened to 32 bits: every value is exact. */

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** @param bits a bfloat16: the upper half of a float32 */
function bfloat16ToFloat32(bits: number): number {
  word[0] = bits << 16;
  return float[0]!;
}

/** The difference of the exponents' biases, 127 and 15, as a factor. */
const rebias = 2 ** 112;

/** @param bits an IEEE 754 binary16: sign, 5 bits of exponent biased by 15, 10 of fraction */
function float16ToFloat32(bits: number): number {
  const magnitude = bits & 0x7fff;
  word[0] = ((bits & 0x8000) << 16) | (magnitude << 13); // exponent and fraction at their places in a float32
  if (magnitude < 0x7c00) return float[0]! * rebias; // correct for subnormals too: they are subnormal float32, too small by the same factor
  word[0] |= 0x7f800000; // infinity or NaN
  return float[0]!;
}
