import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../data-error.js";
import type { DatasetFile, DatasetInfo } from "../dataset-info.js";
import type { DataSource } from "./data-source.js";
import { compressions } from "./decompress.js";
import { verifyFile } from "./verify-file.js";

/** The directory a user names: the files lie in it, or where other tools put them below it. */
export function requestedDirectory(dataset: DatasetInfo, directory: string): DataSource {
  const directories = [
    directory,
    ...dataset.subdirectories.map((subdirectory) => join(directory, subdirectory)),
  ];
  return {
    name: `directory ${directory}`,
    isRequested: true,
    isRemote: false,
    read: async (file) => {
      await requireDirectory(directory);
      return readFrom(directories, file);
    },
  };
}

/** A directory that may have the files, such as the cache. */
export const likelyDirectory = (name: string, directory: string): DataSource => ({
  name: `${name} ${directory}`,
  isRequested: false,
  isRemote: false,
  read: (file) => readFrom([directory], file),
});

/**
 * The verified bytes of `file`, decompressed, `.gz` or `.xz`, from the first of `directories` that has it.
 *
 * @throws {DataError} as `DataSource.read`
 */
export async function readFrom(
  directories: readonly string[],
  file: DatasetFile,
): Promise<Uint8Array> {
  for (const directory of directories) {
    for (const compression of compressions) {
      const path = join(directory, file.name + (compression ?? ""));
      const bytes = await readIfPresent(path);
      if (bytes) return verifyFile(file, bytes, path, compression);
    }
  }
  throw new DataError(
    "ERR_DATA_NOT_FOUND",
    `no ${file.name}, also .gz or .xz, in ${directories.join(", ")}`,
  );
}

/** The bytes of a file, or null if there is none; `ERR_DATA_SOURCE` if it cannot be read. */
export async function readIfPresent(path: string): Promise<Uint8Array | null> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new DataError("ERR_DATA_SOURCE", `${path}: the file cannot be read: ${code ?? message}`, {
      cause: error,
    });
  }
}

async function requireDirectory(directory: string): Promise<void> {
  const found = await stat(directory).catch(() => null);
  if (!found?.isDirectory()) {
    const finding = found ? "is not a directory" : "does not exist";
    throw new DataError("ERR_DATA_SOURCE", `the data directory ${directory} ${finding}`);
  }
}
