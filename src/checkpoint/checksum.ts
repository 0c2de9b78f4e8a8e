import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { OpenSafetensors } from "../interop/open-safetensors.js";
import type { StoredArray } from "../interop/stored-array.js";
import { ResnetError } from "../tensor/error.js";

/** Under this name the metadata has the SHA-256 of the file, computed with zeros in the digest's place. */
export const checksumKey = "sha256";
export const zeroDigest = "0".repeat(64);

/** SHA-256 of bytes that come piece by piece. */
export interface Sha256 {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** One in plain JavaScript. Node's own is several times as fast. */
export const portableSha256 = (): Sha256 => sha256.create();

/**
 * Hands every array of an open file to `visit`, whose promise is awaited, in the order of the file, then checks the
 * checksum. A file without one, which another program wrote, is taken as it is.
 *
 * @throws {ResnetError} `ERR_CHECKPOINT` if the file is not what was written: then nothing that was visited may be used.
 *   Errors of the file come as they are
 */
export async function visitArrays(
  opened: OpenSafetensors,
  visit: (name: string, array: StoredArray) => unknown,
  newHash: () => Sha256 = portableSha256,
): Promise<void> {
  const expected = opened.metadata.get(checksumKey);
  const hash = newHash();
  const header = opened.header.slice();
  if (expected !== undefined) {
    const at = checksumAt(header, expected);
    if (at >= 0) header.set(new TextEncoder().encode(checksumField(zeroDigest)), at);
  }
  hash.update(header);
  for (const name of opened.places.keys()) {
    await visit(name, await opened.read(name, (bytes) => hash.update(bytes)));
  }
  if (expected !== undefined && bytesToHex(hash.digest()) !== expected) {
    throw new ResnetError(
      "ERR_CHECKPOINT",
      `${opened.file}: its checksum is not that of its contents: it was damaged or changed after it was written`,
    );
  }
}

/** How a digest stands in the header. */
export const checksumField = (digest: string): string => `"${checksumKey}":"${digest}"`;

/** Where the field with that digest begins in a header, or -1. */
export const checksumAt = (header: Uint8Array, digest: string): number =>
  new TextDecoder("latin1").decode(header).indexOf(checksumField(digest)); // a byte is a character
