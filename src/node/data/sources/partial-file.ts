import { type FileHandle, mkdir, mkdtemp, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { DatasetFile } from "../../../data/catalog/dataset-entry.js";
import { writeFileAtomically } from "../../files/replace-file.js";
import type { ReceivedBytes } from "./fetch-rest.js";

/**
 * The received bytes of a download, in a file that survives a crash. If the file cannot be written, a temporary
 * directory is used, and the download cannot be resumed.
 */
export class PartialFile implements ReceivedBytes {
  readonly path: string;
  #handle: FileHandle;
  /** A temporary directory to remove with the file. */
  readonly #temporary: string | null;
  #length: number;

  /**
   * @param path the file; its present bytes count as received
   * @param tempDir parent of temporary directories
   */
  static async open(path: string, tempDir: string): Promise<PartialFile> {
    try {
      await mkdir(dirname(path), { recursive: true });
      return new PartialFile(path, await open(path, "a"), await lengthOf(path), null);
    } catch {
      const temporary = await mkdtemp(join(tempDir, "resnet-ts-download-"));
      const inside = join(temporary, basename(path));
      return new PartialFile(inside, await open(inside, "a"), 0, temporary);
    }
  }

  private constructor(path: string, handle: FileHandle, length: number, temporary: string | null) {
    this.path = path;
    this.#handle = handle;
    this.#length = length;
    this.#temporary = temporary;
  }

  get length(): number {
    return this.#length;
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.#handle.appendFile(chunk);
    this.#length += chunk.length;
  }

  async restart(): Promise<void> {
    await this.#handle.truncate();
    this.#length = 0;
  }

  /** Flushes the complete file and renames it to `name`; bytes that follow go to a new file. */
  async keepAs(name: string): Promise<void> {
    await this.#handle.sync();
    await rename(this.path, join(dirname(this.path), name));
    await this.#handle.close();
    this.#handle = await open(this.path, "a");
    this.#length = 0;
  }

  /** Keeps the file for a later try, unless it is empty. */
  async close(): Promise<void> {
    await this.#handle.close();
    if (this.#length === 0) await rm(this.path, { force: true });
    if (this.#temporary) await rm(this.#temporary, { recursive: true, force: true });
  }
}

const lengthOf = async (path: string): Promise<number> => (await stat(path)).size;

/**
 * Stores the verified `bytes` of `file` in `directory`. A crash leaves the old file or the new one, never a part.
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

/** The path of the unfinished download of the published file `name` from `host`. */
export const partialPath = (directory: string, name: string, host: string): string =>
  join(directory, `${name}.${host.replaceAll(":", "-")}.partial`);

/** Removes unfinished downloads of the published file `name` from all hosts. */
export async function removePartials(directory: string, name: string): Promise<void> {
  for (const found of await readdir(directory).catch(() => [])) {
    const isPartial = found.startsWith(`${name}.`) && found.endsWith(".partial");
    if (isPartial) await rm(join(directory, found), { force: true });
  }
}
