import { printable } from "../tensor/printable.js";
import { formatShape, sizeOf, type Shape } from "../tensor/shape.js";
import { InteropError } from "./interop-error.js";
import { type ElementType, elementTypes } from "./safetensors-dtypes.js";
import { readSafetensorsHeader, type TensorEntry } from "./safetensors-header.js";
import type { StoredArray } from "./stored-array.js";

/** The contents of a safetensors file. */
export interface SafetensorsFile {
  /** In the order of their data in the file. */
  readonly tensors: ReadonlyMap<string, StoredArray>;
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * The tensors of a safetensors file.
 *
 * F32, I32, I64, U8, I8 and BOOL keep their type, and are views of `bytes` if aligned: writing to one writes to the
 * other. F64, F16 and BF16 become f32; I16 and U16 become i32. A header that describes more data than the file has
 * is refused, so memory is limited by the file's size.
 *
 * @param file the file's name, for the error
 * @throws {InteropError} `ERR_SAFETENSORS_HEADER` if the header does not fit the file or is not valid JSON of this
 *   form; `ERR_SAFETENSORS_ENTRY` if a tensor's dtype, shape or length is wrong;
 *   `ERR_SAFETENSORS_OFFSETS` if the tensors overlap, or leave bytes of the file unused
 * @see https://github.com/huggingface/safetensors#format
 */
export function readSafetensors(bytes: Uint8Array, file = "safetensors"): SafetensorsFile {
  const { entries, metadata, dataStart } = readSafetensorsHeader(bytes, file);
  const places = placeTensors(entries, bytes.length - dataStart, file);
  const tensors = new Map<string, StoredArray>();
  for (const [name, place] of places) {
    const { start, end } = place;
    const view = new DataView(bytes.buffer, bytes.byteOffset + dataStart + start, end - start);
    const { type, dtype, shape } = place;
    const data = type.read(view, sizeOf(shape));
    tensors.set(name, { shape, dtype, data } as StoredArray);
  }
  return { tensors, metadata };
}

/** The place of a readable tensor; `start` and `end` are offsets into the data, in bytes. */
export interface TensorPlace {
  readonly type: ElementType;
  /** On the host. */
  readonly dtype: StoredArray["dtype"];
  readonly shape: Shape;
  readonly start: number;
  readonly end: number;
}

/**
 * Checks the entries of a header against each other and the data, and sorts them by offset.
 *
 * @param dataBytes number of bytes after the header
 * @throws {InteropError} `ERR_SAFETENSORS_ENTRY`, `ERR_SAFETENSORS_OFFSETS`, as `readSafetensors`
 */
export function placeTensors(
  entries: ReadonlyMap<string, TensorEntry>,
  dataBytes: number,
  file: string,
): ReadonlyMap<string, TensorPlace> {
  const offsets = (finding: string): InteropError =>
    new InteropError("ERR_SAFETENSORS_OFFSETS", `${file}: ${finding}`);
  const inOrder = [...entries].sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  const places = new Map<string, TensorPlace>();
  let covered = 0;
  for (const [name, entry] of inOrder) {
    const { shape, start, end } = entry;
    if (start !== covered) {
      const before = `the tensors before it end at ${covered}`;
      throw offsets(`${printable(name)} starts at byte ${start} of the data but ${before}`);
    }
    covered = end;
    const type = elementTypeOf(name, entry, file);
    places.set(name, { type, dtype: type.dtype, shape, start, end });
    if (end > dataBytes) {
      const has = `the file has ${dataBytes} after its header`;
      throw offsets(`${printable(name)} ends at byte ${end} of the data but ${has}`);
    }
  }
  if (covered !== dataBytes) {
    const has = `the file has ${dataBytes} after its header`;
    throw offsets(`the tensors take ${covered} bytes but ${has}`);
  }
  return places;
}

function elementTypeOf(
  name: string,
  { dtype, shape, start, end }: TensorEntry,
  file: string,
): ElementType {
  const wrong = (finding: string): InteropError =>
    new InteropError("ERR_SAFETENSORS_ENTRY", `${file}: ${printable(name)} has ${finding}`);
  const type = elementTypes.get(dtype);
  if (!type) {
    const names = [...elementTypes.keys()].join(", ");
    throw wrong(`the dtype ${printable(dtype)} but only ${names} can be read`);
  }
  const bytes = sizeOf(shape) * type.bytes;
  if (bytes !== end - start) {
    const described = `${dtype} ${printable(formatShape(shape))}`;
    throw wrong(`${end - start} bytes but ${described} takes ${bytes}`);
  }
  return type;
}
