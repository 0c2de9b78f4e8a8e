import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DatasetFile } from "../dataset-info.js";

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
  await mkdir(directory, { recursive: true });
  await writeWhole(join(directory, file.name), bytes);
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

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const handle = await open(temporary, "wx");
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Makes the rename itself last, where the system can flush a directory (Windows cannot). */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r").catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
