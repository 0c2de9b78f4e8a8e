import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import path from "node:path";
import { DataError, type DataErrorCode } from "../../../data/data-error.js";
import { imageExtensions } from "../../../data/image-files.js";

/** The entries of a folder, sorted by name, without hidden ones (`.DS_Store`, `._a.jpg`). */
interface FolderEntries {
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

/** Order of names by code point, as Python sorts them; JavaScript's own order is of UTF-16 units. */
export const byCodePoint = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));

/**
 * Reads the entries of a folder. A symbolic link counts as its target; a broken link with an image's extension
 * counts as a file.
 *
 * @throws {DataError} `ERR_DATA_SOURCE` if the folder, or the target of another link, cannot be read
 */
export async function readFolder(folder: string): Promise<FolderEntries> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(folder, error);
  });
  const folders: string[] = [];
  const files: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith(".")) continue;
    ((await isFolder(folder, entry)) ? folders : files).push(entry.name);
  }
  return { folders: folders.sort(byCodePoint), files: files.sort(byCodePoint) };
}

async function isFolder(folder: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const link = path.join(folder, entry.name);
  try {
    return (await stat(link)).isDirectory();
  } catch (error) {
    if (isImageName(entry.name)) return false; // reading the image reports that it is missing
    throw unreadable(link, error);
  }
}

function unreadable(file: string, error: unknown): DataError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "there is no such folder, or a symbolic link leads nowhere",
    ENOTDIR: "it is a file, but a folder is needed",
    EACCES: "it may not be read: change its permissions",
    ELOOP: "a symbolic link leads back to itself: remove it",
  };
  const reason = reasons[code ?? ""] ?? `it cannot be read (${message})`;
  return new DataError("ERR_DATA_SOURCE", `${file}: ${reason}`, { cause: error });
}

const isImageName = (name: string): boolean =>
  imageExtensions.includes(path.extname(name).toLowerCase());

/** The image files below a folder, and the number of files without an image's extension. */
interface ImageListing {
  readonly files: readonly string[];
  readonly ignored: number;
}

/**
 * Finds every image file in a folder and its subfolders, sorted by name, files before folders.
 *
 * @throws {DataError} `ERR_DATA_SOURCE` if a folder cannot be read; `ERR_DATA_FOLDER` if a symbolic link leads
 *   back to a folder around it
 */
export const listImageFiles = (folder: string): Promise<ImageListing> => walk(folder, []);

async function walk(folder: string, above: readonly string[]): Promise<ImageListing> {
  const entries = await readFolder(folder);
  const real = await realpath(folder);
  if (above.includes(real)) {
    throw new DataError(
      "ERR_DATA_FOLDER",
      `${folder}: a symbolic link leads back to ${real}, in which it lies: remove it`,
    );
  }
  const files = entries.files.filter(isImageName).map((file) => path.join(folder, file));
  let ignored = entries.files.length - files.length;
  for (const name of entries.folders) {
    const inner = await walk(path.join(folder, name), [...above, real]);
    files.push(...inner.files);
    ignored += inner.ignored;
  }
  return { files, ignored };
}

/** A name for comparisons: composed (NFC) and in lower case. */
export const foldCase = (name: string): string => name.normalize("NFC").toLowerCase();

/**
 * Refuses names of classes that differ only in case, which is likely a mistake.
 *
 * @param where folder or file that has the names, for the error
 * @throws {DataError} with `code`, naming two of them
 */
export function refuseLikeNames(where: string, names: Iterable<string>, code: DataErrorCode): void {
  const seen = new Map<string, string>();
  for (const name of names) {
    const same = seen.get(foldCase(name));
    if (same !== undefined) {
      const finding = `the classes ${same} and ${name} differ only in case: rename one`;
      throw new DataError(code, `${where}: ${finding}`);
    }
    seen.set(foldCase(name), name);
  }
}
