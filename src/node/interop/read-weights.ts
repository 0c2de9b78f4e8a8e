import { OpenSafetensors } from "./open-safetensors.js";
import { openFile } from "../files/open-file.js";
import type { ByteSource } from "../../interop/byte-source.js";
import { readShards } from "./read-shards.js";
import type { StoredArray } from "../../interop/stored-array.js";
import { readTorch, type ReadTorchOptions } from "../../interop/torch/read-torch.js";

/** Named tensors, in PyTorch's shapes and order of elements. */
export type Weights = ReadonlyMap<string, StoredArray>;

/**
 * The tensors of a file of weights: PyTorch's `.pth`, `.pt`, `.th`, `.bin` in either format, safetensors, or
 * the `.index.json` of a model in shards. The format is told by the contents; no code of the file is run.
 *
 * Each tensor is read into memory of its own: the file is never in memory besides.
 *
 * @throws {InteropError} `ERR_WEIGHTS_FILE` if the file cannot be read; `ERR_WEIGHTS_INDEX` if shards do not fit their
 *   index; as `readTorch` and `readSafetensors`
 * @throws {PickleError} as `unpickle`
 */
export async function readWeights(file: string, options: ReadTorchOptions = {}): Promise<Weights> {
  if (file.endsWith(".index.json")) {
    return readShards(file, (shard) => readWeights(shard, options));
  }
  const source = await openFile(file);
  try {
    if (await isTorch(source)) return await readTorch(source, options);
  } finally {
    await source.close();
  }
  return readSafetensorsFile(file);
}

/** A zip archive, or a pickle of protocol 2 or newer: safetensors begin with a length, which is smaller than these. */
async function isTorch(source: ByteSource): Promise<boolean> {
  if (source.size < 8) return false;
  const [first, second, ...rest] = await source.read(0, 8);
  const isZip = first === 0x50 && second === 0x4b && rest[0] === 3 && rest[1] === 4;
  const isPickle = first === 0x80 && second! >= 2 && second! <= 5;
  return isZip || (isPickle && rest.slice(3).some((byte) => byte !== 0));
}

async function readSafetensorsFile(file: string): Promise<Weights> {
  const opened = await OpenSafetensors.open(file);
  try {
    const tensors = new Map<string, StoredArray>();
    for (const name of opened.places.keys()) tensors.set(name, await opened.read(name));
    return tensors;
  } finally {
    await opened.close();
  }
}
