import { formatShape, sizeOf, type Shape } from "../tensor/shape.js";
import { InteropError } from "./interop-error.js";
import { elementTypes, isLittleEndian, writtenTypes } from "./safetensors-dtypes.js";
import { joinChunks } from "./byte-source.js";
import { maxHeaderLength } from "./safetensors-header.js";
import type { StoredArray } from "./stored-array.js";

/** Named arrays that are read one by one while they are written, so that a large model is never in memory twice. */
export interface ArraySource {
  readonly specs: ReadonlyMap<string, Pick<StoredArray, "shape" | "dtype">>;
  /** The array of that name, with the shape and dtype of its spec. */
  read(name: string): Promise<StoredArray>;
}

/** A source of arrays in memory. */
export const sourceOf = (arrays: ReadonlyMap<string, StoredArray>): ArraySource => ({
  specs: arrays,
  read: async (name) => arrays.get(name)!,
});

/**
 * The bytes of a safetensors file with these tensors.
 *
 * The same tensors give the same bytes, whatever their order: they are sorted by dtype (i64, f32,
 * i32, u8), then by name, as the format's own library sorts them.
 *
 * @param metadata texts by name, stored in the header
 * @throws {InteropError} `ERR_SAFETENSORS_WRITE` if a tensor is named `__metadata__`, is of another
 *   dtype, or its number of values is not the product of its shape; or if the header would be too long to be read
 * @see https://github.com/huggingface/safetensors#format
 */
export async function writeSafetensors(
  tensors: ReadonlyMap<string, StoredArray>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  return joinChunks(safetensorsChunks(sourceOf(tensors), metadata));
}

/** The bytes of `writeSafetensors` piece by piece: the header, then each tensor, read when it is written. */
export async function* safetensorsChunks(
  source: ArraySource,
  metadata: Readonly<Record<string, string>> = {},
): AsyncGenerator<Uint8Array, void> {
  const sorted = [...source.specs].map(([name, { shape, dtype }]) => ({
    name,
    shape,
    order: orderOf(name, dtype),
  }));
  sorted.sort((a, b) => a.order - b.order || byName([a.name], [b.name]));
  yield headerBytes(
    sorted.map(({ name, shape, order }) => ({ name, shape, type: writtenTypes[order]![1] })),
    metadata,
  );
  for (const { name, shape, order } of sorted) {
    const array = await source.read(name);
    if (array.data.length !== sizeOf(shape)) {
      const has = `has ${array.data.length} values but its shape`;
      throw refused(`${name} ${has} ${formatShape(shape)} takes ${sizeOf(shape)}`);
    }
    yield littleEndianBytes(array, elementTypes.get(writtenTypes[order]![1])!.bytes);
  }
}

interface WrittenTensor {
  readonly name: string;
  readonly shape: Shape;
  /** The dtype's name in the file. */
  readonly type: string;
}

function headerBytes(
  tensors: readonly WrittenTensor[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: string[] = [];
  if (Object.keys(metadata).length > 0) {
    const texts = Object.entries(metadata).sort(byName);
    entries.push(`"__metadata__":{${texts.map((pair) => pair.map(quote).join(":")).join(",")}}`);
  }
  let end = 0;
  for (const { name, shape, type } of tensors) {
    const start = end;
    end += sizeOf(shape) * elementTypes.get(type)!.bytes;
    const entry = { dtype: type, shape, data_offsets: [start, end] };
    entries.push(`${quote(name)}:${JSON.stringify(entry)}`);
  }
  const json = new TextEncoder().encode(`{${entries.join(",")}}`);
  const length = Math.ceil(json.length / 8) * 8; // padded with blanks to align the data
  if (length > maxHeaderLength) {
    const limit = `more than the ${maxHeaderLength} that are read back`;
    throw refused(`the header takes ${length} bytes, ${limit}: there is too much text in it`);
  }
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return header;
}

const quote = (text: string): string => JSON.stringify(text);

/** Sorts by UTF-16 code units, independently of the locale. */
const byName = ([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]) =>
  a < b ? -1 : a > b ? 1 : 0;

/** The position of tensors of this dtype in the file. */
function orderOf(name: string, dtype: StoredArray["dtype"]): number {
  if (name === "__metadata__") {
    throw refused("a tensor is named __metadata__, which the format keeps for its own use");
  }
  const order = writtenTypes.findIndex(([written]) => written === dtype);
  if (order < 0) throw refused(`${name} is ${dtype}, which is not written: make it f32`);
  return order;
}

const refused = (finding: string): InteropError =>
  new InteropError("ERR_SAFETENSORS_WRITE", `safetensors cannot be written: ${finding}`);

function littleEndianBytes({ data }: StoredArray, bytesPerElement: number): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (isLittleEndian || bytesPerElement === 1) return bytes;
  const swapped = bytes.slice();
  for (let at = 0; at < swapped.length; at += bytesPerElement) {
    swapped.subarray(at, at + bytesPerElement).reverse();
  }
  return swapped;
}
