import { sizeOf } from "../tensor/shape.js";
import { InteropError } from "./interop-error.js";
import { elementTypes } from "./safetensors-dtypes.js";
import { readSafetensorsHeader, type TensorEntry } from "./safetensors-header.js";
import type { StoredArray } from "./stored-array.js";

/** What a safetensors file holds. */
export interface SafetensorsFile {
  /** In the order of their data in the file. */
  readonly tensors: ReadonlyMap<string, StoredArray>;
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * The tensors of a safetensors file.
 *
 * F32, I32, I64, U8 and BOOL come as they are, as views of `bytes` where these are aligned: writing
 * to one writes to the other. F64, F16 and BF16 become f32; I8, I16 and U16 become i32. No more
 * memory is taken than the tensors that the file has; a header that promises more is refused.
 *
 * @param file the file's name, for the error
 * @throws {InteropError} `ERR_SAFETENSORS_HEADER` if the header does not fit the file or is not the
 *   right JSON; `ERR_SAFETENSORS_ENTRY` if a tensor's dtype, shape or length is wrong;
 *   `ERR_SAFETENSORS_OFFSETS` if the tensors overlap, or leave bytes of the file unused
 * @see https://github.com/huggingface/safetensors#format
 */
export function readSafetensors(bytes: Uint8Array, file = "safetensors"): SafetensorsFile {
  const { entries, metadata, dataStart } = readSafetensorsHeader(bytes, file);
  const inOrder = [...entries].sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  const tensors = new Map<string, StoredArray>();
  let covered = 0;
  for (const [name, entry] of inOrder) {
    if (entry.start !== covered) {
      throw new InteropError(
        "ERR_SAFETENSORS_OFFSETS",
        `${file}: ${name} starts at byte ${entry.start} of the data but the tensors before it` +
          ` end at ${covered}`,
      );
    }
    covered = entry.end;
    tensors.set(name, readTensor(bytes, dataStart, name, entry, file));
  }
  if (dataStart + covered !== bytes.length) {
    throw new InteropError(
      "ERR_SAFETENSORS_OFFSETS",
      `${file}: the tensors take ${covered} bytes but the file has ${bytes.length - dataStart}` +
        " after its header",
    );
  }
  return { tensors, metadata };
}

function readTensor(
  bytes: Uint8Array,
  dataStart: number,
  name: string,
  { dtype, shape, start, end }: TensorEntry,
  file: string,
): StoredArray {
  const type = elementTypes.get(dtype);
  if (!type) {
    const names = [...elementTypes.keys()].join(", ");
    throw new InteropError(
      "ERR_SAFETENSORS_ENTRY",
      `${file}: ${name} has the dtype ${dtype} but only ${names} can be read`,
    );
  }
  const length = sizeOf(shape);
  if (length * type.bytes !== end - start) {
    throw new InteropError(
      "ERR_SAFETENSORS_ENTRY",
      `${file}: ${name} has ${end - start} bytes but ${dtype} [${shape.join(", ")}] takes` +
        ` ${length * type.bytes}`,
    );
  }
  const available = bytes.length - dataStart;
  if (end > available) {
    throw new InteropError(
      "ERR_SAFETENSORS_OFFSETS",
      `${file}: ${name} ends at byte ${end} of the data but the file has ${available}` +
        " after its header",
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + dataStart + start, end - start);
  return { shape, dtype: type.dtype, data: type.read(view, length) } as StoredArray;
}
