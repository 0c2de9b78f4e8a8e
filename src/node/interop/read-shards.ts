import path from "node:path";
import { z } from "zod";
import { printable } from "../../tensor/printable.js";
import { InteropError } from "../../interop/interop-error.js";
import { listed } from "../../interop/listed.js";
import { openFile } from "../files/open-file.js";
import type { StoredArray } from "../../interop/stored-array.js";

/** Room for twenty thousand tensors: JSON made to do harm becomes many times as much in memory. */
const maxIndexBytes = 2 ** 21;

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * The tensors of a model in several files, by the index that Hugging Face writes beside them:
 * `{"weight_map": {tensor name: file name}}`.
 *
 * @param readWeights reads one of the files
 * @throws {InteropError} `ERR_WEIGHTS_INDEX` if a shard lacks a tensor of the index, or has one that is not there
 */
export async function readShards(
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
