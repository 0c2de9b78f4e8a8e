import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { openPromise } from "yauzl";
import { DataError } from "../../../data/data-error.js";
import type { DatasetArchive, DatasetFile } from "../../../data/catalog/dataset-entry.js";
import { readTar, type TarEntry } from "../../../tar/read-tar.js";
import { checkFileDigest, verifyFile } from "./verify-file.js";

/** A form whose files lie in an archive. */
export interface ArchivedFiles {
  readonly archive: DatasetArchive;
  readonly files: readonly DatasetFile[];
}

/**
 * Reads the files of a published archive, by name, after checking the archive's digest. The archive is read as a
 * stream; only the bytes of `files` are held, and never more than their published sizes.
 *
 * @param path the archive
 * @param where its path or address, for the error
 * @throws {DataError} `ERR_DATA_CHECKSUM` if the archive or a file differs from the published one;
 *   `ERR_DATA_ARCHIVE` if the archive cannot be unpacked or lacks a file; `ERR_DATA_GZIP` if a file in it does not
 *   decompress
 */
export async function readArchive(
  { archive, files }: ArchivedFiles,
  path: string,
  where: string,
): Promise<Map<string, Uint8Array>> {
  const wanted = new Map(
    files.map((file) => [`${archive.folder}/${file.name}${archive.suffix}`, file]),
  );
  const contents = new Map<string, Uint8Array>();
  const entries = archive.name.endsWith(".zip") ? zipEntries : tarEntries;
  try {
    await checkFileDigest(archive.digest, path, where);
    for await (const { name, read } of entries(path)) {
      const file = wanted.get(name);
      if (!file || contents.has(file.name)) continue;
      const bytes = await read(file.bytes + compressionOverhead);
      const compression = archive.suffix === "" ? null : archive.suffix;
      contents.set(file.name, await verifyFile(file, bytes, `${where}: ${name}`, compression));
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw unreadable(`${where}: the archive cannot be unpacked: ${reason}`, error);
  }
  const missing = files.find(({ name }) => !contents.has(name));
  if (missing) throw unreadable(`${where}: the archive has no ${archive.folder}/${missing.name}`);
  return contents;
}

/** Bytes by which a compressed file may exceed its contents. */
const compressionOverhead = 1 << 16;

const unreadable = (message: string, cause?: unknown): DataError =>
  new DataError("ERR_DATA_ARCHIVE", message, { cause });

async function* tarEntries(path: string): AsyncGenerator<TarEntry> {
  const file = createReadStream(path);
  const unzipped = file.pipe(createGunzip());
  file.on("error", (error) => unzipped.destroy(error));
  try {
    yield* readTar(unzipped);
  } finally {
    file.destroy();
  }
}

async function* zipEntries(path: string): AsyncGenerator<TarEntry> {
  const zip = await openPromise(path);
  try {
    for await (const entry of zip.eachEntry()) {
      const read = async (maxBytes: number) =>
        await collect(await zip.openReadStreamPromise(entry), maxBytes);
      yield { name: entry.fileName, read };
    }
  } finally {
    zip.close();
  }
}

async function collect(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`a file in it has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
