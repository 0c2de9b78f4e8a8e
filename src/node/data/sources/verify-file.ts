import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { DatasetFile, Digest } from "../../../data/catalog/dataset-entry.js";
import { DataError } from "../../../data/data-error.js";

/**
 * Decompresses a published file and checks its length and digest.
 *
 * @param bytes the bytes as found
 * @param where the file's path or address, for the error
 * @param compression how `bytes` are compressed
 * @throws {DataError} `ERR_DATA_GZIP` if they do not decompress; `ERR_DATA_CHECKSUM` if the result
 *   is not the published file, by its length or its digest
 */
export async function verifyFile(
  file: DatasetFile,
  bytes: Uint8Array,
  where: string,
  compression: Compression,
): Promise<Uint8Array> {
  const contents = await unpack(file, bytes, where, compression);
  if (contents.length !== file.bytes) {
    throw new DataError(
      "ERR_DATA_CHECKSUM",
      `${where}: the file has ${contents.length} bytes${compression ? " when decompressed" : ""}` +
        ` but the published one has ${file.bytes}`,
    );
  }
  if (file.digest) checkDigest(file.digest, contents, where);
  else if (file.gzipDigest && compression === ".gz") checkDigest(file.gzipDigest, bytes, where);
  return contents;
}

async function unpack(
  file: DatasetFile,
  bytes: Uint8Array,
  where: string,
  compression: Compression,
): Promise<Uint8Array> {
  try {
    return await decompress(bytes, compression, file.bytes);
  } catch (error) {
    const finding = error instanceof Error ? error.message : String(error);
    throw new DataError("ERR_DATA_GZIP", `${where}: the file cannot be decompressed: ${finding}`, {
      cause: error,
    });
  }
}

const gunzipAsync = promisify(gunzip);

/** The compression of a file, by its extension; null if there is none. */
type Compression = ".gz" | ".xz" | null;

/** The possible compressions of a file in a directory, most likely first. */
export const compressions: readonly Compression[] = [null, ".gz", ".xz"];

/**
 * The decompressed bytes; `.xz` by the machine's command `xz`.
 *
 * @param maxBytes limit of the decompressed bytes that are held
 * @throws {Error} if the bytes are damaged or hold more than `maxBytes`
 */
async function decompress(
  bytes: Uint8Array,
  compression: Compression,
  maxBytes: number,
): Promise<Uint8Array> {
  if (compression === null) return bytes;
  if (compression === ".xz") return await unxz(bytes, maxBytes);
  try {
    return await gunzipAsync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw isTooLarge ? tooLarge(maxBytes) : error;
  }
}

const tooLarge = (maxBytes: number): Error =>
  new Error(`it holds more than the published ${maxBytes} bytes`);

/** The system's `xz` reads all filters of the format; no library on npm does. */
function unxz(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const xz = spawn("xz", ["--decompress", "--stdout"], { env: { ...process.env, LC_ALL: "C" } });
    const output: Uint8Array[] = [];
    let length = 0;
    let message = "";
    xz.stdout.on("data", (chunk: Uint8Array) => {
      length += chunk.length;
      if (length <= maxBytes) output.push(chunk);
      else xz.kill();
    });
    xz.stderr.on("data", (chunk: Uint8Array) => (message += Buffer.from(chunk).toString()));
    xz.on("error", ({ code, message: reason }: NodeJS.ErrnoException) => {
      reject(new Error(code === "ENOENT" ? "the command xz is not installed" : reason));
    });
    xz.on("close", (exitCode) => {
      if (length > maxBytes) reject(tooLarge(maxBytes));
      else if (exitCode === 0) resolve(Buffer.concat(output));
      else reject(new Error(message.trim() || `xz ended with exit code ${exitCode}`));
    });
    xz.stdin.on("error", () => undefined); // xz reports on its standard error why it stopped reading
    xz.stdin.end(bytes);
  });
}

const names = { sha256: "SHA-256", md5: "MD5" } as const;

/** A digest as people read it: `SHA-256 59f4…`. */
export const formatDigest = ({ algorithm, hex }: Digest): string => `${names[algorithm]} ${hex}`;

/**
 * Checks `bytes` against a published digest.
 *
 * @param where the file's path or address, for the error
 * @throws {DataError} `ERR_DATA_CHECKSUM` naming both digests
 */
function checkDigest(published: Digest, bytes: Uint8Array, where: string): void {
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
