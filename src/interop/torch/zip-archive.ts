import { printable } from "../../tensor/printable.js";
import type { ByteSource } from "../byte-source.js";
import { InteropError } from "../interop-error.js";

/** More than a model and three moments of an optimizer have storages. */
const maxEntries = 20_000;

/** The directory stands at the end: read at once, up to this many bytes. */
const tailBytes = 1 << 20;

/** Sizes of the fixed parts of an entry in the directory, a local header, the end of the directory and its 64-bit locator. */
const [entryBytes, localBytes, endBytes, locatorBytes] = [46, 30, 22, 20];

interface ZipEntry {
  /** Byte of the archive at which the local header begins. */
  readonly header: number;
  readonly bytes: number;
  readonly isCompressed: boolean;
  readonly isEncrypted: boolean;
}

/** Reads bytes of the archive. @throws {Error} if it ends before them */
type Read = (start: number, length: number) => Promise<DataView>;

/**
 * A zip archive whose entries are not compressed, and so are read in place.
 *
 * Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3.7 to 4.3.16 and 4.5.3 (64-bit sizes).
 */
export class ZipArchive {
  private constructor(
    private readonly source: ByteSource,
    private readonly view: Read,
    private readonly entries: ReadonlyMap<string, ZipEntry>,
  ) {}

  /** Reads the directory. @throws {InteropError} `ERR_TORCH_FILE` if it is damaged, too long, or names an entry twice */
  static async open(source: ByteSource): Promise<ZipArchive> {
    const { file, size } = source;
    const tailStart = Math.max(0, size - tailBytes);
    const tail = await source.read(tailStart, size - tailStart);
    const view: Read = async (start, length) => {
      if (start + length > size) throw new Error("it ends early");
      const bytes =
        start >= tailStart
          ? tail.subarray(start - tailStart, start - tailStart + length)
          : await source.read(start, length);
      return new DataView(bytes.buffer, bytes.byteOffset, length);
    };
    try {
      return new ZipArchive(source, view, await readDirectory(view, size));
    } catch (error) {
      const finding = printable((error as Error).message);
      const message = `${file}: the zip archive is damaged: ${finding}`;
      throw new InteropError("ERR_TORCH_FILE", message, { cause: error });
    }
  }

  get names(): ReadonlySet<string> {
    return new Set(this.entries.keys());
  }

  /** Where the bytes of an entry lie. @throws {InteropError} `ERR_TORCH_FILE` if it is missing, compressed or damaged */
  async locate(name: string): Promise<{ readonly start: number; readonly bytes: number }> {
    const wrong = (finding: string, cause?: unknown): InteropError =>
      new InteropError("ERR_TORCH_FILE", `${this.source.file}: ${printable(name)} ${finding}`, {
        cause,
      });
    const entry = this.entries.get(name);
    if (!entry) throw wrong("is not in the zip archive");
    const { header, bytes, isCompressed, isEncrypted } = entry;
    if (isCompressed) {
      throw wrong("is compressed, which PyTorch never does; unpack it and save it again");
    }
    if (isEncrypted) throw wrong("is encrypted");
    const local = await this.view(header, localBytes).catch((error: Error) => {
      throw wrong(`is damaged: ${error.message}`, error);
    });
    if (local.getUint32(0, true) !== 0x04034b50) throw wrong("is damaged: it has no local header");
    const start = header + localBytes + local.getUint16(26, true) + local.getUint16(28, true);
    if (start + bytes > this.source.size) throw wrong("is damaged: it ends after the file");
    return { start, bytes };
  }

  /** @throws {InteropError} `ERR_TORCH_LIMIT` for an entry of more than `most` bytes; as `locate` */
  async read(name: string, most: number): Promise<Uint8Array<ArrayBuffer>> {
    const { start, bytes } = await this.locate(name);
    if (bytes > most) {
      throw new InteropError(
        "ERR_TORCH_LIMIT",
        `${this.source.file}: ${printable(name)} has ${bytes} bytes; the limit is ${most}`,
      );
    }
    return this.source.read(start, bytes);
  }
}

async function readDirectory(view: Read, size: number): Promise<ReadonlyMap<string, ZipEntry>> {
  const { start, count } = await locateDirectory(view, size);
  if (count > maxEntries) throw new Error(`it has ${count} entries; the limit is ${maxEntries}`);
  const entries = new Map<string, ZipEntry>();
  for (let i = 0, at = start; i < count; i++) {
    const fixed = await view(at, entryBytes);
    if (fixed.getUint32(0, true) !== 0x02014b50) throw new Error("its directory has a gap");
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((o) => fixed.getUint16(o, true));
    const rest = await view(at + entryBytes, nameBytes! + extraBytes!);
    at += entryBytes + nameBytes! + extraBytes! + commentBytes!;
    const name = new TextDecoder().decode(new Uint8Array(rest.buffer, rest.byteOffset, nameBytes));
    if (entries.has(name)) throw new Error(`${name} is there twice`);
    entries.set(name, entryOf(fixed, wideNumbers(rest, nameBytes!)));
  }
  return entries;
}

/** Finds the directory's first byte and the number of its entries, in the record at the archive's end. */
async function locateDirectory(
  view: Read,
  size: number,
): Promise<{ readonly start: number; readonly count: number }> {
  const length = Math.min(size, locatorBytes + endBytes + 0xffff); // a comment may follow the record
  const last = await view(size - length, length);
  let end = length - endBytes;
  while (end >= 0 && last.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw new Error("it has no directory; it may be truncated");
  if (last.getUint16(end + 20, true) !== length - end - endBytes)
    throw new Error("its directory is not at its end");
  const locator = end - locatorBytes;
  if (locator < 0 || last.getUint32(locator, true) !== 0x07064b50) {
    if (last.getUint16(end + 4, true) !== 0) throw new Error("it is one of several parts");
    return { start: last.getUint32(end + 16, true), count: last.getUint16(end + 10, true) };
  }
  const wide = await view(Number(last.getBigUint64(locator + 8, true)), 56);
  if (wide.getUint32(0, true) !== 0x06064b50)
    throw new Error("the end of its directory is missing");
  if (wide.getUint32(16, true) !== 0) throw new Error("it is one of several parts");
  const [count, start] = [32, 48].map((at) => Number(wide.getBigUint64(at, true)));
  return { start: start!, count: count! };
}

/** @param wide the 64-bit numbers that replace those of 32 bits which are all ones, in order */
function entryOf(fixed: DataView, wide: number[]): ZipEntry {
  const number = (at: number): number => {
    const value = fixed.getUint32(at, true);
    return value === 0xffffffff ? (wide.shift() ?? Infinity) : value;
  };
  const [unpacked, bytes, header] = [number(24), number(20), number(42)];
  if (![unpacked, bytes, header].every(Number.isSafeInteger))
    throw new Error("an entry has no 64-bit size");
  return {
    header,
    bytes,
    isCompressed: fixed.getUint16(10, true) !== 0 || unpacked !== bytes,
    isEncrypted: (fixed.getUint16(8, true) & 0x41) !== 0,
  };
}

/** The numbers of an entry's extra field 1, three at most, from the extra fields at `at`. */
function wideNumbers(rest: DataView, at: number): number[] {
  while (at + 4 <= rest.byteLength) {
    const [id, length] = [rest.getUint16(at, true), rest.getUint16(at + 2, true)];
    const first = at + 4;
    at = first + length;
    if (at > rest.byteLength) break;
    if (id !== 1) continue;
    const count = Math.min(3, Math.floor(length / 8));
    return Array.from({ length: count }, (_, i) => Number(rest.getBigUint64(first + 8 * i, true)));
  }
  return [];
}
