import { formatShape, sizeOf } from "../tensor/shape.js";
import { InteropError } from "./interop-error.js";
import { elementTypes, isLittleEndian, writtenTypes } from "./safetensors-dtypes.js";
import type { StoredArray } from "./stored-array.js";

/**
 * The bytes of a safetensors file with these tensors.
 *
 * The same tensors give the same bytes, whatever their order: they are sorted by dtype (i64, f32,
 * i32, u8), then by name, as the format's own library sorts them.
 *
 * @param metadata free text to go with them, under names of its own
 * @throws {InteropError} `ERR_SAFETENSORS_WRITE` if a tensor is named `__metadata__`, or the number
 *   of its values is not the product of its shape
 * @see https://github.com/huggingface/safetensors#format
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, StoredArray>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const sorted = writtenTypes.flatMap(([dtype, type]) =>
    [...tensors]
      .filter(([, array]) => array.dtype === dtype)
      .sort(byName)
      .map(([name, array]) => ({ name, array, type })),
  );

  const entries: string[] = [];
  if (Object.keys(metadata).length > 0) {
    const texts = Object.entries(metadata).sort(byName);
    entries.push(`"__metadata__":{${texts.map((pair) => pair.map(quote).join(":")).join(",")}}`);
  }
  let end = 0;
  for (const { name, array, type } of sorted) {
    check(name, array);
    const start = end;
    end += array.data.byteLength;
    const entry = { dtype: type, shape: array.shape, data_offsets: [start, end] };
    entries.push(`${quote(name)}:${JSON.stringify(entry)}`);
  }

  const json = new TextEncoder().encode(`{${entries.join(",")}}`);
  const headerLength = Math.ceil(json.length / 8) * 8; // padded with blanks: the data is aligned
  const file = new Uint8Array(8 + headerLength + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.set(json, 8);
  file.fill(0x20, 8 + json.length, 8 + headerLength);
  let offset = 8 + headerLength;
  for (const { array, type } of sorted) {
    file.set(littleEndianBytes(array, elementTypes.get(type)!.bytes), offset);
    offset += array.data.byteLength;
  }
  return file;
}

const quote = (text: string): string => JSON.stringify(text);

/** By UTF-16 code units: the same in every language setting. */
const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0;

function check(name: string, { shape, data }: StoredArray): void {
  if (name === "__metadata__") {
    throw new InteropError(
      "ERR_SAFETENSORS_WRITE",
      "writeSafetensors: a tensor is named __metadata__, which the format keeps for its own use",
    );
  }
  if (data.length !== sizeOf(shape)) {
    throw new InteropError(
      "ERR_SAFETENSORS_WRITE",
      `writeSafetensors: ${name} has ${data.length} values but its shape ${formatShape(shape)}` +
        ` takes ${sizeOf(shape)}`,
    );
  }
}

function littleEndianBytes({ data }: StoredArray, bytesPerElement: number): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (isLittleEndian || bytesPerElement === 1) return bytes;
  const swapped = bytes.slice();
  for (let at = 0; at < swapped.length; at += bytesPerElement) {
    swapped.subarray(at, at + bytesPerElement).reverse();
  }
  return swapped;
}
