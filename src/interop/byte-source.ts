/** Bytes that are read where they are needed: a file, or what is in memory already. */
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
  read: async (start, length) => bytes.slice(start, start + length) as Uint8Array<ArrayBuffer>,
  close: async () => {},
});
