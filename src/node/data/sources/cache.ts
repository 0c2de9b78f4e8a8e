import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DatasetFile } from "../../../data/catalog/dataset-entry.js";
import { writeFileAtomically } from "../../files/replace-file.js";

/**
 * Keeps the verified `bytes` of `file` in `directory`. A crash leaves the old file or the new one, never a part.
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
  await removePartials(directory, `${file.name}.gz`);
}

/** Where the bytes of an unfinished download of the published file `name` from `host` wait for the next try. */
export const partialPath = (directory: string, name: string, host: string): string =>
  join(directory, `${name}.${host.replaceAll(":", "-")}.partial`);

/** Removes what broken downloads of the published file `name` left, from whatever host. */
export async function removePartials(directory: string, name: string): Promise<void> {
  for (const found of await readdir(directory).catch(() => [])) {
    const isPartial = found.startsWith(`${name}.`) && found.endsWith(".partial");
    if (isPartial) await rm(join(directory, found), { force: true });
  }
}
