/**
 * Reader of tar archives, as a stream.
 *
 *     an archive  entries, then a block of zeros
 *     an entry    a header of one block, then the bytes of the file, filled up to whole blocks
 *
 * Long names, an extension of the format, are passed over.
 */

import { blockBytes, parseTarHeader, storedBytes } from "./tar-header.js";

/** A file in an archive. Read it before you ask for the next one, or not at all. */
export interface TarEntry {
  /** Its path in the archive. */
  readonly name: string;
  /** Its bytes. Throws an `Error` rather than hold more than `maxBytes`. */
  readonly read: (maxBytes: number) => Promise<Uint8Array>;
}

/**
 * The files of an archive, in their order; folders, links and other entries are passed over.
 *
 * @param chunks the archive's bytes
 * @throws {Error} if the archive is damaged or cut short, with one clause of text
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const reader = new ChunkReader(chunks);
  try {
    for (;;) {
      const header = parseTarHeader(await reader.read(blockBytes));
      if (!header) return;
      const { name, size, isFile } = header;
      let unread = storedBytes(size);
      const read = async (maxBytes: number): Promise<Uint8Array> => {
        if (size > maxBytes) throw new Error(`${name} has ${size} bytes, more than ${maxBytes}`);
        unread -= size;
        return await reader.read(size);
      };
      if (isFile) yield { name, read };
      await reader.skip(unread);
    }
  } finally {
    await reader.close();
  }
}

/** Takes bytes from chunks of any sizes. */
class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next `length` bytes; holds no more than have come, whatever `length` is. */
  async read(length: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.#take(length)) pieces.push(piece);
    if (pieces.length === 1) return pieces[0]!;
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  async skip(length: number): Promise<void> {
    for await (const piece of this.#take(length)) void piece;
  }

  /** Ends the stream. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async *#take(length: number): AsyncGenerator<Uint8Array> {
    let missing = length;
    while (missing > 0) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#chunks.next();
        if (done) throw new Error("it ends too early");
        this.#rest = value;
      }
      const piece = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(piece.length);
      missing -= piece.length;
      if (piece.length > 0) yield piece;
    }
  }
}
