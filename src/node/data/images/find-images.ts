import { stat } from "node:fs/promises";
import path from "node:path";
import { escapePath, glob, isDynamicPattern } from "tinyglobby";
import { DataError } from "../../../data/data-error.js";
import { byCodePoint, listImageFiles } from "./list-image-files.js";

/**
 * Finds the image files that the words of a command stand for: each a file, a folder (with its subfolders), or a
 * pattern such as `photos/**\/*.jpg`. The result is in the order of the words, and sorted by name within each.
 *
 * A single file may have any name; in folders, only files with an image's extension are taken.
 *
 * @throws {DataError} `ERR_DATA_SOURCE` if a file or folder does not exist, or nothing matches
 */
export async function findImages(words: readonly string[]): Promise<string[]> {
  const found = await Promise.all(words.map(findWord));
  return found.flat();
}

async function findWord(word: string): Promise<readonly string[]> {
  const entry = await stat(word).catch(() => null);
  if (entry && !entry.isDirectory()) return [word];
  if (entry) {
    const { files } = await listImageFiles(word);
    if (files.length > 0) return files;
    throw new DataError("ERR_DATA_SOURCE", `${word}: there are no images in this folder`);
  }
  if (isDynamicPattern(word)) {
    const files = await glob(await withFoldersAsNamed(word), { expandDirectories: false });
    if (files.length > 0) return files.sort(byCodePoint);
    throw new DataError("ERR_DATA_SOURCE", `${word}: no file matches this pattern`);
  }
  throw new DataError("ERR_DATA_SOURCE", `${word}: there is no such file or folder`);
}

/** Escapes the leading folders of a pattern if folders of exactly these names exist: `photos (1)/*.jpg`. */
async function withFoldersAsNamed(pattern: string): Promise<string> {
  for (
    let folder = path.dirname(pattern);
    folder !== path.dirname(folder);
    folder = path.dirname(folder)
  ) {
    if (await stat(folder).catch(() => null))
      return escapePath(folder) + pattern.slice(folder.length);
  }
  return pattern;
}
