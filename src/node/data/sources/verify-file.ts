import { DataError } from "../../../data/data-error.js";
import type { DatasetFile } from "../../../data/catalog/dataset-entry.js";
import { decompress, type Compression } from "./decompress.js";
import { checkDigest } from "./digest.js";

/**
 * The decompressed bytes of a published file, once they are known to be the published ones.
 *
 * @param bytes what was found
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
