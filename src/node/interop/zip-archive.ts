import { callbackify } from "node:util";
import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry, type ZipFile } from "yauzl";
import { printable } from "../../tensor/printable.js";
import type { ByteSource } from "../../interop/byte-source.js";
import { InteropError } from "../../interop/interop-error.js";
import type { Archive, ArchivePlace } from "../../interop/torch/read-torch-zip.js";

/** More than a model and three moments of an optimiser have storages. */
const maxEntries = 20_000;

/** The directory stands at the end: read at once, up to this many bytes. */
const tailBytes = 1 << 20;

/** Opens a zip archive. @throws {InteropError} `ERR_TORCH_FILE` if it is damaged or has too many entries */
export async function openZip(source: ByteSource): Promise<Archive> {
  const wrong = (finding: string, cause?: unknown): InteropError =>
    new InteropError("ERR_TORCH_FILE", `${source.file}: ${finding}`, { cause });
  const entries = new Map<string, Entry>();
  try {
    const tailStart = Math.max(0, source.size - tailBytes);
    const tail = await source.read(tailStart, source.size - tailStart);
    const reader = new SourceReader(source, tail);
    const zip = await fromRandomAccessReaderPromise(reader, source.size, { autoClose: false });
    if (zip.entryCount > maxEntries) {
      throw wrong(`the zip archive has ${zip.entryCount} entries, the most is ${maxEntries}`);
    }
    for await (const entry of zip.eachEntry()) {
      if (entries.has(entry.fileName)) throw wrong(`${printable(entry.fileName)} is there twice`);
      entries.set(entry.fileName, entry);
    }
    return new ZipArchive(source, zip, entries);
  } catch (error) {
    if (error instanceof InteropError) throw error;
    throw wrong(`the zip archive is damaged: ${printable((error as Error).message)}`, error);
  }
}

/** A zip archive whose entries are not compressed, and so are read in place. */
class ZipArchive implements Archive {
  constructor(
    private readonly source: ByteSource,
    private readonly zip: ZipFile,
    private readonly entries: ReadonlyMap<string, Entry>,
  ) {}

  get names(): ReadonlySet<string> {
    return new Set(this.entries.keys());
  }

  /** @throws {InteropError} `ERR_TORCH_FILE` if there is none of that name, or it is compressed */
  async locate(name: string): Promise<ArchivePlace> {
    const { file } = this.source;
    const wrong = (finding: string, cause?: unknown): InteropError =>
      new InteropError("ERR_TORCH_FILE", `${file}: ${printable(name)} ${finding}`, { cause });
    const entry = this.entries.get(name);
    if (!entry) throw wrong("is not in the zip archive");
    if (entry.compressionMethod !== 0 || entry.uncompressedSize !== entry.compressedSize) {
      throw wrong("is compressed, which PyTorch never does; unpack it and save it again");
    }
    if (entry.isEncrypted()) throw wrong("is encrypted");
    const { fileDataStart } = await this.zip
      .readLocalFileHeaderPromise(entry, { minimal: true })
      .catch((error: Error) => {
        throw wrong(`is damaged: ${printable(error.message)}`, error);
      });
    return { start: fileDataStart, bytes: entry.compressedSize };
  }

  async read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    const { start, bytes } = await this.locate(name);
    return this.source.read(start, bytes);
  }
}

/** How yauzl reads. */
class SourceReader extends RandomAccessReader {
  constructor(
    private readonly source: ByteSource,
    /** The last bytes of the source. */
    private readonly tail: Uint8Array,
  ) {
    super();
  }

  override read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    callbackify(async () => {
      buffer.set(await this.#bytes(position, length), offset);
    })(callback);
  }

  async #bytes(position: number, length: number): Promise<Uint8Array> {
    if (position + length > this.source.size) throw new Error("it ends early");
    const inTail = position - (this.source.size - this.tail.length);
    return inTail >= 0
      ? this.tail.subarray(inTail, inTail + length)
      : this.source.read(position, length);
  }
}
