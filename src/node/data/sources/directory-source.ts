import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../../../data/data-error.js";
import type { DatasetFile, DatasetForm } from "../../../data/catalog/dataset-entry.js";
import { readArchive, type ArchivedFiles } from "./archive.js";
import type { DataSource } from "./data-source.js";
import { compressions, verifyFile } from "./verify-file.js";

/** The files to look for in a directory. */
type Files = Pick<DatasetForm, "files" | "archive">;

/**
 * The directories that may have a form's files: the user's directory, and those below it in which other tools put
 * them.
 */
export const directoriesOf = (form: DatasetForm, directory: string): readonly string[] => [
  directory,
  ...form.subdirectories.map((subdirectory) => join(directory, subdirectory)),
];

/** The directory that the user named. */
export function requestedDirectory(form: DatasetForm, directory: string): DataSource {
  const read = directoryReader(form, directoriesOf(form, directory));
  return {
    name: `directory ${directory}`,
    isRequested: true,
    isRemote: false,
    read: async (file) => {
      await requireDirectory(directory);
      return read(file);
    },
  };
}

/** A directory that may have the files, such as the cache. */
export const likelyDirectory = (name: string, form: Files, directory: string): DataSource => ({
  name: `${name} ${directory}`,
  isRequested: false,
  isRemote: false,
  read: directoryReader(form, [directory]),
});

/** Whether any of `directories` has any of a form's files, or its archive. */
export async function hasAnyFile(
  { files, archive }: Files,
  directories: readonly string[],
): Promise<boolean> {
  const names = files.flatMap(({ name }) => compressions.map((suffix) => name + (suffix ?? "")));
  if (archive) names.push(archive.name);
  for (const directory of directories) {
    const present = new Set(await readdir(directory).catch(() => []));
    if (names.some((name) => present.has(name))) return true;
  }
  return false;
}

/**
 * Reads the verified bytes of a file, decompressed, `.gz` or `.xz`, from the first of `directories` that has it, else
 * out of the archive of the form, which is unpacked once.
 */
export function directoryReader({ files, archive }: Files, directories: readonly string[]) {
  let unpacked: Promise<Map<string, Uint8Array> | null> | null = null;
  return async (file: DatasetFile): Promise<Uint8Array> => {
    for (const directory of directories) {
      for (const compression of compressions) {
        const path = join(directory, file.name + (compression ?? ""));
        const bytes = await readIfPresent(path);
        if (bytes) return verifyFile(file, bytes, path, compression);
      }
    }
    if (archive) unpacked ??= readArchiveIfPresent({ archive, files }, directories);
    const contents = await unpacked;
    if (contents) return contents.get(file.name)!;
    const orArchive = archive ? `, and no ${archive.name},` : ",";
    throw new DataError(
      "ERR_DATA_NOT_FOUND",
      `no ${file.name}, also .gz or .xz${orArchive} in ${directories.join(", ")}`,
    );
  };
}

async function readArchiveIfPresent(
  form: ArchivedFiles,
  directories: readonly string[],
): Promise<Map<string, Uint8Array> | null> {
  for (const directory of directories) {
    const path = join(directory, form.archive.name);
    const found = await stat(path).catch(() => null);
    if (found?.isFile()) return readArchive(form, path, path);
  }
  return null;
}

/** The bytes of a file, or null if there is none; `ERR_DATA_SOURCE` if it cannot be read. */
async function readIfPresent(path: string): Promise<Uint8Array | null> {
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
