import path from "node:path";
import { z } from "zod";
import { headBytes, torchContainer } from "../../interop/file-kind.js";
import { InteropError } from "../../interop/interop-error.js";
import { OpenSafetensors } from "../../interop/open-safetensors.js";
import type { StoredArray, Weights } from "../../interop/stored-array.js";
import { type ReadTorchOptions, readTorch } from "../../interop/torch/read-torch.js";
import { weightsUnder } from "../../interop/weight-names.js";
import { printable } from "../../tensor/printable.js";
import { openFile } from "../files/open-file.js";

/**
 * Reads the tensors of a file of weights: PyTorch's `.pth`, `.pt`, `.th`, `.bin` in any of its formats, safetensors, or
 * the `.index.json` of a model in shards. The format is recognized by the contents, not by the name. No code of the
 * file is run.
 *
 * Each tensor is read into new memory, and the rest of the file is not kept.
 *
 * @throws {InteropError} `ERR_WEIGHTS_FILE` if the file cannot be read; `ERR_WEIGHTS_INDEX` if shards do not fit their
 *   index; `ERR_WEIGHTS_STATE` if there are none under `state`; the codes of `readTorch` and `readSafetensors`
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
    if (torchContainer(head)) return await readTorch(source, options);
    const opened = await OpenSafetensors.open(source);
    const all = new Map<string, StoredArray>();
    for (const name of opened.places.keys()) all.set(name, await opened.read(name));
    return options.state === undefined ? all : weightsUnder(all, options.state, file);
  } finally {
    await source.close();
  }
}

/** Enough for twenty thousand tensors; hostile JSON takes many times its size in memory. */
const maxIndexBytes = 2 ** 21;

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * Reads a model in several files, by the index of Hugging Face:
 * `{"weight_map": {tensor name: file name}}`.
 *
 * @param readWeights reads one of the files
 * @throws {InteropError} `ERR_WEIGHTS_INDEX` if a shard lacks a tensor of the index, or has one that the index lacks
 */
async function readShards(
  index: string,
  readWeights: (file: string) => Promise<ReadonlyMap<string, StoredArray>>,
): Promise<ReadonlyMap<string, StoredArray>> {
  const shardOf = await readIndex(index);
  const tensors = new Map<string, StoredArray>();
  const findings: string[] = [];
  for (const shard of new Set(shardOf.values())) {
    const file = path.join(path.dirname(index), shard);
    for (const [name, array] of await readWeights(file)) {
      if (shardOf.get(name) === shard) tensors.set(name, array);
      else findings.push(`${shard} has ${printable(name)}, which the index does not say`);
    }
  }
  for (const [name, shard] of shardOf) {
    if (!tensors.has(name)) findings.push(`${shard} lacks ${printable(name)}`);
  }
  if (findings.length > 0) {
    throw new InteropError(
      "ERR_WEIGHTS_INDEX",
      `${index}: the shards are not those of the index:\n${listed(findings)}`,
    );
  }
  return tensors;
}

async function readIndex(file: string): Promise<ReadonlyMap<string, string>> {
  const wrong = (finding: string, cause?: unknown): InteropError =>
    new InteropError("ERR_WEIGHTS_INDEX", `${file}: ${finding}`, { cause });
  const source = await openFile(file);
  let shardOf: ReadonlyMap<string, string>;
  try {
    if (source.size > maxIndexBytes) throw wrong(`the index has more than ${maxIndexBytes} bytes`);
    const text = new TextDecoder().decode(await source.read(0, source.size));
    shardOf = new Map(Object.entries(indexSchema.parse(JSON.parse(text)).weight_map));
  } catch (error) {
    if (error instanceof InteropError) throw error;
    throw wrong('it is not an index: it should be JSON with a "weight_map" of file names', error);
  } finally {
    await source.close();
  }
  for (const shard of shardOf.values()) {
    const isBeside = path.basename(shard) === shard && !shard.endsWith(".index.json");
    if (!isBeside || printable(shard, shard.length) !== shard) {
      throw wrong(`it names the file ${printable(shard)}; shards stand beside their index`);
    }
  }
  return shardOf;
}

/** More entries than the largest model of the catalogue has. */
const most = 2000;

/** Lists findings in order, one on each line; limited, since a hostile file can have very many. */
function listed(findings: readonly string[]): string {
  const lines = [...findings].sort().slice(0, most);
  if (findings.length > most) lines.push(`… and ${findings.length - most} more`);
  return lines.map((line) => `  ${line}`).join("\n");
}
