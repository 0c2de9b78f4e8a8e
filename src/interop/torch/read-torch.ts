import type { ByteSource } from "../byte-source.js";
import { InteropError } from "../interop-error.js";
import type { StoredArray } from "../stored-array.js";
import { readTorchLegacy } from "./read-torch-legacy.js";
import { readTorchZip } from "./read-torch-zip.js";
import { findStateDict } from "./state-dict.js";
import type { TorchFile } from "./torch-file.js";
import type { TorchTensor } from "./torch-tensor.js";

/**
 * The tensors of a state_dict that `torch.save` wrote, in either of its formats. No code of the file is run.
 *
 * f32, i32, i64, u8 and bool come as they are; f64, f16 and bf16 become f32, i8 and i16 become i32. Each tensor is
 * read from the file into memory of its own.
 *
 * @throws {InteropError} `ERR_TORCH_FILE`; `ERR_TORCH_LIMIT` if the tensors are larger than the file
 * @throws {PickleError} as `unpickle`; `ERR_PICKLE_CLASS` if more than tensors and plain values was saved
 */
export async function readTorch(source: ByteSource): Promise<ReadonlyMap<string, StoredArray>> {
  const isZip = source.size >= 2 && new TextDecoder().decode(await source.read(0, 2)) === "PK";
  const torchFile = isZip ? await readTorchZip(source) : await readTorchLegacy(source);
  const dict = findStateDict(torchFile.value, source.file);
  checkSize(dict, source);
  const tensors = new Map<string, StoredArray>();
  for (const [name, tensor] of dict) {
    tensors.set(name, await readTensor(source, torchFile, tensor));
  }
  return tensors;
}

/** How many times over the file is read at most, for tensors that lie scattered in their storages. */
const maxReads = 8;

/** Tensors that repeat elements, or share them, could be as large as they like. */
function checkSize(dict: ReadonlyMap<string, TorchTensor>, { file, size }: ByteSource): void {
  const sum = (bytesOf: (tensor: TorchTensor) => number): number =>
    [...dict.values()].reduce((total, tensor) => total + bytesOf(tensor), 0);
  const bytes = sum((tensor) => tensor.bytes);
  const read = sum((tensor) => tensor.span * tensor.elementBytes);
  if (bytes > size || read > maxReads * size) {
    throw new InteropError(
      "ERR_TORCH_LIMIT",
      `${file}: its tensors show the same numbers too often: they take ${Math.max(bytes, read)} bytes of a file of ${size}`,
    );
  }
}

async function readTensor(
  source: ByteSource,
  { starts }: TorchFile,
  tensor: TorchTensor,
): Promise<StoredArray> {
  const { storage, offset, span } = tensor;
  const { elementBytes } = tensor;
  const start = starts.get(storage.key)! + (storage.start + offset) * elementBytes;
  return tensor.decode(await source.read(start, span * elementBytes));
}
