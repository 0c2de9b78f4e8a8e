/**
 * Reader of tar archives, as a stream.
 *
 *     an archive  entries, then a block of zeros
 *     an entry    a header of one block, then the file's bytes, filled up to whole blocks
 *     a block     512 bytes
 *
 * Source: POSIX.1-2017, pax, "ustar Interchange Format". Of its extensions it passes over long names, and refuses files
 * of 8 GiB or more.
 */

const blockBytes = 512;

/** A file in an archive, to be read or passed over before the next is asked for. */
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
      const header = await reader.read(blockBytes);
      if (header.every((byte) => byte === 0)) return;
      const { name, size, isFile } = parseHeader(header);
      let unread = Math.ceil(size / blockBytes) * blockBytes;
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

function parseHeader(header: Uint8Array): { name: string; size: number; isFile: boolean } {
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (octal(header, 148, 8) !== sum) throw new Error("a header's checksum does not match");
  const isPosix = text(header, 257, 6) === "ustar"; // GNU's older format has blanks here, and no prefix
  const prefix = isPosix && header[262] === 0 ? text(header, 345, 155) : "";
  const name = text(header, 0, 100);
  const type = header[156]!;
  return {
    name: prefix ? `${prefix}/${name}` : name,
    size: octal(header, 124, 12),
    isFile: type === 0 || type === 0x30,
  };
}

/** Text that ends at a zero byte or with its field. */
function text(header: Uint8Array, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function octal(header: Uint8Array, start: number, length: number): number {
  const digits = text(header, start, length).trim();
  if (!/^[0-7]*$/.test(digits)) throw new Error("a header has a field that is no octal number");
  return digits === "" ? 0 : Number.parseInt(digits, 8);
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
