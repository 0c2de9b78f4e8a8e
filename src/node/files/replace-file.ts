import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm, type FileHandle } from "node:fs/promises";
import path from "node:path";

export interface ReplaceOptions {
  /** Where the file that is replaced goes, in the same directory. Default: it goes away. */
  readonly keepAs?: string;
}

/**
 * Writes a file so that a power cut leaves the old one or the new one, whole: under a temporary name beside it,
 * flushed, renamed, and the directory flushed.
 *
 * @param write writes the contents; if it fails, the old file stays
 */
export async function replaceFile(
  file: string,
  write: (handle: FileHandle) => Promise<void>,
  { keepAs }: ReplaceOptions = {},
): Promise<void> {
  const directory = path.dirname(file);
  await mkdir(directory, { recursive: true });
  const temporary = path.join(directory, `.${path.basename(file)}.${randomUUID()}.tmp`);
  try {
    const handle = await open(temporary, "wx");
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (keepAs !== undefined) await renameIfThere(file, keepAs);
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flushDirectory(directory);
}

/** Writes a file as `replaceFile` does. */
export const writeFileAtomically = (file: string, contents: string | Uint8Array): Promise<void> =>
  replaceFile(file, (handle) => handle.writeFile(contents));

/** Takes away what writers that were killed left in a directory. Nobody else may be writing there. */
export async function removeTemporaryFiles(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) =>
    /^\..*\.[-0-9a-f]{36}\.tmp$/.test(name),
  );
  for (const name of names) await rm(path.join(directory, name), { force: true });
}

async function renameIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

/** Makes a rename last. Not every system can open a directory; there the rename has to do. */
async function flushDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    return;
  }
}
