import { createHash } from "node:crypto";
import { replaceFile, type ReplaceOptions } from "../files/replace-file.js";
import { OpenSafetensors } from "../interop/open-safetensors.js";
import type { StoredArray } from "../../interop/stored-array.js";
import { safetensorsChunks, type ArraySource } from "../../interop/write-safetensors.js";
import { ResnetError } from "../../tensor/error.js";

/** Under this name the metadata has the SHA-256 of the file, computed with zeros in the digest's place. */
const checksumKey = "sha256";
const zeros = "0".repeat(64);
const checksumField = (digest: string): string => `"${checksumKey}":"${digest}"`;

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
      let checksumAt = -1;
      for await (const chunk of safetensorsChunks(source, { ...metadata, [checksumKey]: zeros })) {
        if (checksumAt < 0) checksumAt = fieldAt(chunk, checksumField(zeros));
        hash.update(chunk);
        await handle.writeFile(chunk);
      }
      const field = Buffer.from(checksumField(hash.digest("hex")));
      await handle.write(field, 0, field.length, checksumAt);
    },
    options,
  );
}

/**
 * Hands every array of an open file to `visit`, whose promise is awaited, in the order of the file, then checks the checksum. A file without
 * one, which another program wrote, is taken as it is.
 *
 * @param file its name, for the error
 * @throws {ResnetError} `ERR_CHECKPOINT` if the file is not what was written, or cannot be read: what was visited is then
 *   worth nothing
 */
export async function visitArrays(
  opened: OpenSafetensors,
  file: string,
  visit: (name: string, array: StoredArray) => unknown,
): Promise<void> {
  const expected = opened.metadata.get(checksumKey);
  const hash = createHash("sha256");
  const header = Buffer.from(opened.header);
  if (expected !== undefined) {
    const at = fieldAt(header, checksumField(expected));
    if (at >= 0) header.write(checksumField(zeros), at);
  }
  hash.update(header);
  for (const name of opened.places.keys()) {
    await visit(name, await readArray(opened, file, name, (bytes) => hash.update(bytes)));
  }
  if (expected !== undefined && hash.digest("hex") !== expected) {
    throw new ResnetError(
      "ERR_CHECKPOINT",
      `${file}: its checksum is not that of its contents: it was damaged or changed after it was written`,
    );
  }
}

async function readArray(
  opened: OpenSafetensors,
  file: string,
  name: string,
  onBytes: (bytes: Uint8Array) => void,
): Promise<StoredArray> {
  try {
    return await opened.read(name, onBytes);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Where the text begins in a header, or -1. */
const fieldAt = (header: Uint8Array, text: string): number =>
  Buffer.from(header.buffer, header.byteOffset, header.byteLength).indexOf(text);

/** Opens a file of weights. @throws {ResnetError} `ERR_CHECKPOINT` if it cannot be; as `OpenSafetensors` if it is damaged */
export async function openCheckpointFile(file: string): Promise<OpenSafetensors> {
  try {
    return await OpenSafetensors.open(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): ResnetError {
  if (error instanceof ResnetError) return error;
  const { code } = error as NodeJS.ErrnoException;
  const reason =
    code === "ENOENT" ? "there is no such file" : `it cannot be read (${code ?? String(error)})`;
  return new ResnetError("ERR_CHECKPOINT", `${file}: ${reason}`, { cause: error });
}
