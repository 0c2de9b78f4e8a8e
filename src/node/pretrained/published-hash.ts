import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { headBytes, notWeights } from "../../interop/file-kind.js";
import { ResnetError } from "../../tensor/error.js";

/** The published hash of a file. */
export interface PublishedHash {
  /** `git` is the SHA-1 that git gives to a file. */
  readonly algorithm: "sha256" | "git";
  /** The first digits, or all. */
  readonly hex: string;
}

const names = { sha256: "SHA-256", git: "SHA-1 of git" } as const;

/** The digest of a file, in hexadecimal digits; the file is read as a stream. */
export async function hashFile(
  file: string,
  algorithm: PublishedHash["algorithm"] = "sha256",
): Promise<string> {
  const hash = createHash(algorithm === "git" ? "sha1" : "sha256");
  if (algorithm === "git") hash.update(`blob ${(await stat(file)).size}\0`);
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/**
 * Checks a file against its published hash.
 *
 * @param where the file's path or address, for the error
 * @throws {ResnetError} `ERR_PRETRAINED_FILE` with both hashes; for a web page, a text or an empty file, it says so
 */
export async function checkHash(
  file: string,
  { algorithm, hex }: PublishedHash,
  where: string,
): Promise<void> {
  const found = await hashFile(file, algorithm);
  if (found.startsWith(hex)) return;
  const kind = await kindOf(file);
  const begins = hex.length < found.length ? " begins with" : " is";
  throw new ResnetError(
    "ERR_PRETRAINED_FILE",
    `${where}: this is not the published file: its ${names[algorithm]} is ${found}, and the published one${begins} ${hex}` +
      (kind === null ? "" : `; ${kind}`),
  );
}

/** What a file is that is certainly no file of weights; null otherwise. */
async function kindOf(file: string): Promise<string | null> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(headBytes), 0, headBytes, 0);
    return notWeights(buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}
