import { createHash } from "node:crypto";
import { Checkpoint } from "../../checkpoint/checkpoint.js";
import {
  checksumAt,
  checksumField,
  checksumKey,
  zeroDigest,
  type Sha256,
} from "../../checkpoint/checksum.js";
import { checkpointMetadata, type CheckpointDescription } from "../../checkpoint/description.js";
import type { ModelState } from "../../checkpoint/model-state.js";
import type { ByteSource } from "../../interop/byte-source.js";
import { safetensorsChunks, type ArraySource } from "../../interop/write-safetensors.js";
import { ResnetError } from "../../tensor/error.js";
import { openFile } from "../files/open-file.js";
import { replaceFile, type ReplaceOptions } from "../files/replace-file.js";
import { findCheckpoint } from "./find-checkpoint.js";

/** Node's SHA-256. */
export const nodeSha256 = (): Sha256 => createHash("sha256");

/**
 * Opens a checkpoint on disk.
 *
 * @param place a file, or a run's directory: then its `best.safetensors`, else `last.safetensors`
 * @throws {ResnetError} `ERR_CHECKPOINT` if the file cannot be read; the codes of `Checkpoint.open`
 */
export async function openCheckpoint(place: string): Promise<Checkpoint> {
  return Checkpoint.open(await openCheckpointFile(await findCheckpoint(place)), nodeSha256);
}

/** A whole checkpoint. @throws {ResnetError} as `openCheckpoint`, and as `Checkpoint.read` */
export async function readCheckpoint(
  place: string,
): Promise<{ readonly description: CheckpointDescription; readonly state: ModelState }> {
  const checkpoint = await openCheckpoint(place);
  try {
    return { description: checkpoint.description, state: await checkpoint.read() };
  } finally {
    await checkpoint.close();
  }
}

/**
 * Writes a checkpoint, whole or not at all: weights and running statistics, under PyTorch's names and in its layout,
 * with a checksum inside.
 *
 * @param weights read one by one: `modelSource` takes them out of an executor
 * @throws {ResnetError} `ERR_CHECKPOINT` if the description could not be read back
 */
export async function writeCheckpoint(
  file: string,
  description: CheckpointDescription,
  weights: ArraySource,
): Promise<void> {
  await writeCheckpointFile(file, weights, checkpointMetadata(description));
}

/**
 * Writes a safetensors file with a checksum inside, whole or not at all. Arrays are read one after the other, so that a
 * large model is never in memory twice.
 */
export async function writeCheckpointFile(
  file: string,
  source: ArraySource,
  metadata: Readonly<Record<string, string>>,
  options?: ReplaceOptions,
): Promise<void> {
  await replaceFile(
    file,
    async (handle) => {
      const hash = createHash("sha256");
      let at = -1;
      const withChecksum = { ...metadata, [checksumKey]: zeroDigest };
      for await (const chunk of safetensorsChunks(source, withChecksum)) {
        if (at < 0) at = checksumAt(chunk, zeroDigest);
        hash.update(chunk);
        await handle.writeFile(chunk);
      }
      const field = Buffer.from(checksumField(hash.digest("hex")));
      await handle.write(field, 0, field.length, at);
    },
    options,
  );
}

/** Opens a file of weights. @throws {ResnetError} `ERR_CHECKPOINT` if it cannot be read, then or later */
export const openCheckpointFile = (file: string): Promise<ByteSource> =>
  openFile(file, (message, cause) => new ResnetError("ERR_CHECKPOINT", message, { cause }));
