import { openFile } from "../files/open-file.js";
import { headBytes, torchContainer } from "../../interop/file-kind.js";
import { readShards } from "./read-shards.js";
import { openZip } from "./zip-archive.js";
import { OpenSafetensors } from "../../interop/open-safetensors.js";
import type { StoredArray, Weights } from "../../interop/stored-array.js";
import { weightsUnder } from "../../interop/weights-under.js";
import { readTorch, type ReadTorchOptions } from "../../interop/torch/read-torch.js";

/**
 * The tensors of a file of weights: PyTorch's `.pth`, `.pt`, `.th`, `.bin` in any of its formats, safetensors, or
 * the `.index.json` of a model in shards. The contents tell the format, not the name. No code of the file is run.
 *
 * Each tensor is read into memory of its own, and nothing else of the file is kept.
 *
 * @throws {InteropError} `ERR_WEIGHTS_FILE` if the file cannot be read; `ERR_WEIGHTS_INDEX` if shards do not fit their
 *   index; `ERR_WEIGHTS_STATE` if there are none under `state`; as `readTorch` and `readSafetensors`
 * @throws {PickleError} as `unpickle`
 */
export async function readWeights(file: string, options: ReadTorchOptions = {}): Promise<Weights> {
  if (file.endsWith(".index.json")) {
    const { onNotice, state } = options;
    const all = await readShards(file, (shard) => readWeights(shard, { onNotice }));
    return state === undefined ? all : weightsUnder(all, state, file);
  }
  const source = await openFile(file);
  try {
    const head = await source.read(0, Math.min(headBytes, source.size));
    if (torchContainer(head)) return await readTorch(source, openZip, options);
    const opened = await OpenSafetensors.open(source);
    const all = new Map<string, StoredArray>();
    for (const name of opened.places.keys()) all.set(name, await opened.read(name));
    return options.state === undefined ? all : weightsUnder(all, options.state, file);
  } finally {
    await source.close();
  }
}
