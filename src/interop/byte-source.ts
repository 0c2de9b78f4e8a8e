import { InteropError } from "./interop-error.js";

/** Random access to bytes, of a file or in memory. */
export interface ByteSource {
  /** The file's name, for errors. */
  readonly file: string;
  /** Number of bytes. */
  readonly size: number;
  /** Reads `length` bytes from `start` into new memory. The range must lie within the file. */
  read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** A source of bytes in memory. */
export const bytesSource = (bytes: Uint8Array, file: string): ByteSource => ({
  file,
  size: bytes.length,
  // A copy even of a Buffer, whose own slice() is a view.
  read: async (start, length) => new Uint8Array(bytes.subarray(start, start + length)),
  close: async () => {},
});

/** Joins the pieces of a file. */
export async function joinChunks(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of pieces) chunks.push(chunk);
  return concatenate(chunks);
}

export function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/**
 * Checks that a file fits its format, before anything is written.
 *
 * @param bytes size of the file
 * @param limit the format's name and largest size
 * @throws {InteropError} `ERR_FILE_SIZE`
 */
export function checkFileSize(
  bytes: number,
  limit: { readonly format: string; readonly most: number },
): void {
  if (bytes <= limit.most) return;
  throw new InteropError(
    "ERR_FILE_SIZE",
    `the file would take ${bytes} bytes, but ${limit.format} holds ${limit.most} at most: write safetensors, which has no such limit`,
  );
}
