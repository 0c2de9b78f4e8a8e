import { stat } from "node:fs/promises";
import path from "node:path";
import { escapePath, glob, isDynamicPattern } from "tinyglobby";
import { DataError } from "../../../data/data-error.js";
import { byCodePoint, listImageFiles } from "./list-image-files.js";

/**
 * The image files that words of a command mean: each a file, a folder (with the folders in it), or a pattern such as
 * `photos/**\/*.jpg`. In the order of the words, and of names within each.
 *
 * A file is taken whatever it is called; in folders, files count that are images by their names.
 *
 * @throws {DataError} `ERR_DATA_SOURCE` if there is no such file or folder, or nothing in it that matches
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

/** A pattern whose first folders stand for themselves where there are folders of these names: `photos (1)/*.jpg`. */
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
