import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DatasetFile } from "../dataset-info.js";
import { writeFileAtomically } from "../files.js";

/**
 * Keeps the verified `bytes` of `file` in `directory`, and removes what remains there of its broken
 * downloads. A crash leaves the old file or the new one, never a part.
 *
 * @throws the file system's error if the directory cannot be written
 */
export async function keepInCache(
  directory: string,
  file: DatasetFile,
  bytes: Uint8Array,
): Promise<void> {
  await writeFileAtomically(join(directory, file.name), bytes);
  await rm(join(directory, `${file.name}.gz`), { force: true }); // could only be a damaged one
  for (const name of await readdir(directory)) {
    if (isPartial(name, file)) await rm(join(directory, name), { force: true });
  }
}

/** Where the bytes of an unfinished download from `host` wait for the next try. */
export const partialPath = (directory: string, file: DatasetFile, host: string): string =>
  join(directory, `${file.name}.gz.${host.replaceAll(":", "-")}.partial`);

const isPartial = (name: string, file: DatasetFile): boolean =>
  name.startsWith(`${file.name}.gz.`) && name.endsWith(".partial");
