import { mkdir, open, rm, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { readIfPresent } from "./directory-source.js";
import type { ReceivedBytes } from "./fetch-rest.js";

/**
 * The bytes of a download so far: in memory to be used, and in a file so that they outlive a crash.
 * Where the file cannot be written the download works all the same; it only cannot be resumed.
 */
export class PartialFile implements ReceivedBytes {
  readonly #path: string;
  readonly #handle: FileHandle | null;
  #received: Uint8Array[];

  /** @param path the file; what it has already counts as received */
  static async open(path: string): Promise<PartialFile> {
    const earlier = await readIfPresent(path).catch(() => null);
    const handle = await mkdir(dirname(path), { recursive: true })
      .then(() => open(path, "a"))
      .catch(() => null);
    return new PartialFile(path, handle, earlier?.length ? [earlier] : []);
  }

  private constructor(path: string, handle: FileHandle | null, received: Uint8Array[]) {
    this.#path = path;
    this.#handle = handle;
    this.#received = received;
  }

  get length(): number {
    return this.#received.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  get bytes(): Uint8Array {
    return Buffer.concat(this.#received);
  }

  async append(chunk: Uint8Array): Promise<void> {
    this.#received.push(chunk);
    await this.#handle?.appendFile(chunk);
  }

  async restart(): Promise<void> {
    this.#received = [];
    await this.#handle?.truncate();
  }

  /** Keeps the bytes for a later try, unless there are none. */
  async close(): Promise<void> {
    if (!this.#handle) return;
    await this.#handle.close();
    if (this.#received.length === 0) await rm(this.#path, { force: true });
  }
}
