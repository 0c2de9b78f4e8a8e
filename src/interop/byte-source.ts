/** Bytes that are read where they are needed: of a file, or in memory. */
export interface ByteSource {
  /** The file's name, for errors. */
  readonly file: string;
  /** How many bytes there are. */
  readonly size: number;
  /** Reads `length` bytes from `start` into memory of their own. The range must lie within the file. */
  read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Bytes in memory. */
export const bytesSource = (bytes: Uint8Array, file: string): ByteSource => ({
  file,
  size: bytes.length,
  // A copy even of a Buffer, whose own slice() is a view.
  read: async (start, length) => new Uint8Array(bytes.subarray(start, start + length)),
  close: async () => {},
});
