/** The element types of safetensors, and how each becomes an array on the host. */

import { bfloat16ToFloat32, float16ToFloat32 } from "./half-floats.js";
import type { StoredArray } from "./stored-array.js";

type StoredData = StoredArray["data"];

export interface ElementType {
  /** Of an element in the file. */
  readonly bytes: number;
  readonly dtype: StoredArray["dtype"];
  /** Of an element on the host. */
  readonly hostBytes: number;
  /** Whether an element becomes one of another type. */
  readonly isConverted: boolean;
  readonly allocate: (length: number) => StoredData;
  /** @param view the tensor's bytes, little-endian */
  readonly read: (view: DataView, length: number) => StoredData;
}

/** Whether this machine keeps numbers as the file does. */
export const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** A type that a typed array holds as it is: a view of the file where aligned, else a copy. */
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

/** A type that becomes another of 4 bytes on the host, element by element. */
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

/** The type under which each dtype is written, largest elements first: so all are aligned. */
export const writtenTypes = [
  ["i64", "I64"],
  ["f32", "F32"],
  ["i32", "I32"],
  ["u8", "U8"],
  ["i8", "I8"],
] as const satisfies readonly (readonly [StoredArray["dtype"], keyof typeof readable])[];

/** Gives so many bytes of a tensor, from so many behind its first on. */
export type ReadBytes = (start: number, bytes: number) => Promise<Uint8Array>;

/** Elements that are read at a time. */
const piece = 2 ** 18;

/** Elements on the host, piece by piece, and how many are before each piece. */
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
 * Reads elements from where they lie. Those that are converted are read in pieces, so that their bytes are never in
 * memory as a whole beside what they become.
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
