/** A block of a tar archive, in bytes: headers take one, and contents are filled up to whole ones. */
export const blockBytes = 512;

export interface TarHeader {
  /** Its path in the archive. */
  readonly name: string;
  /** Bytes of its contents. */
  readonly size: number;
  /** False for folders, links and the extended headers of pax and GNU. */
  readonly isFile: boolean;
}

/**
 * The header of an entry, or null for the block of zeros that ends an archive.
 *
 * @param block 512 bytes
 * @throws {Error} if it is not a header, with one clause of text
 * @see POSIX.1-2017, pax, "ustar Interchange Format". Sizes of 8 GiB or more, an extension of GNU, are refused.
 */
export function parseTarHeader(block: Uint8Array): TarHeader | null {
  if (block.every((byte) => byte === 0)) return null;
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  if (octal(block, 148, 8) !== sum) throw new Error("the checksum of a header does not match");
  const isPosix = text(block, 257, 6) === "ustar"; // the older format of GNU has blanks here, and no prefix
  const prefix = isPosix && block[262] === 0 ? text(block, 345, 155) : "";
  const name = text(block, 0, 100);
  const type = block[156]!;
  return {
    name: prefix ? `${prefix}/${name}` : name,
    size: octal(block, 124, 12),
    isFile: type === 0 || type === 0x30,
  };
}

/** Bytes that contents of `size` bytes take in the archive. */
export const storedBytes = (size: number): number => Math.ceil(size / blockBytes) * blockBytes;

/** Text that ends at a zero byte or with its field. */
function text(header: Uint8Array, start: number, length: number): string {
  const field = header.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function octal(header: Uint8Array, start: number, length: number): number {
  const digits = text(header, start, length).trim();
  if (!/^[0-7]*$/.test(digits)) throw new Error("a field of a header is not an octal number");
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}
