import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { DataError } from "../../../data/data-error.js";
import type { Digest } from "../../../data/catalog/dataset-entry.js";

const names = { sha256: "SHA-256", md5: "MD5" } as const;

/** A digest as people read it: `SHA-256 59f4…`. */
export const formatDigest = ({ algorithm, hex }: Digest): string => `${names[algorithm]} ${hex}`;

/**
 * Makes sure that `bytes` are the published ones.
 *
 * @param where the file's path or address, for the error
 * @throws {DataError} `ERR_DATA_CHECKSUM` that names both digests
 */
export function checkDigest(published: Digest, bytes: Uint8Array, where: string): void {
  compare(published, createHash(published.algorithm).update(bytes).digest("hex"), where);
}

/** As `checkDigest`, for the file at `path`, which is read as a stream. */
export async function checkFileDigest(
  published: Digest,
  path: string,
  where: string,
): Promise<void> {
  const hash = createHash(published.algorithm);
  await pipeline(createReadStream(path), hash);
  compare(published, hash.digest("hex"), where);
}

function compare({ algorithm, hex }: Digest, found: string, where: string): void {
  if (found === hex) return;
  throw new DataError(
    "ERR_DATA_CHECKSUM",
    `${where}: the ${names[algorithm]} is ${found} but the published file's is ${hex}`,
  );
}
