import type { Budget } from "../../pickle/pickle-reader.js";
import { PickleError } from "../../pickle/pickle-error.js";
import type { PersistentLoad } from "../../pickle/unpickler.js";
import { unpickle } from "../../pickle/unpickle.js";
import type { ByteSource } from "../byte-source.js";
import { InteropError } from "../interop-error.js";
import { torchGlobals } from "./torch-globals.js";

export interface PickleSequenceOptions {
  /** The first byte to read, and the byte after the last. */
  readonly start: number;
  readonly end: number;
  /** Bytes to read at first: enough for most pickles. */
  readonly firstRead: number;
  readonly persistentLoad?: PersistentLoad;
  /** Also charged for the bytes that are read. */
  readonly budget: Budget;
  readonly skipped: Set<string>;
}

/**
 * Reads consecutive pickles and bytes of a file. A pickle does not state its length, so it is read in growing
 * pieces.
 */
export class PickleSequence {
  #position: number;

  constructor(
    private readonly source: ByteSource,
    private readonly options: PickleSequenceOptions,
  ) {
    this.#position = options.start;
  }

  /** The next byte to read. */
  get position(): number {
    return this.#position;
  }

  /** The value of the next pickle. @throws {PickleError} as `unpickle` */
  async pickle(): Promise<unknown> {
    const { firstRead, persistentLoad, budget, skipped } = this.options;
    const left = this.options.end - this.#position;
    for (let length = Math.min(firstRead, left); ; length = Math.min(4 * length, left)) {
      const bytes = await this.#read(length);
      try {
        const { value, end } = unpickle(bytes, {
          globals: torchGlobals,
          ...(persistentLoad && { persistentLoad }),
          skipped,
          budget,
          origin: this.#position,
          file: this.source.file,
        });
        this.#position += end;
        return value;
      } catch (error) {
        const isCut = error instanceof PickleError && error.code === "ERR_PICKLE_TRUNCATED";
        if (!isCut || length === left) throw error;
      }
    }
  }

  /** The next `length` bytes. @throws {InteropError} `ERR_TORCH_FILE` if there are fewer */
  async bytes(length: number): Promise<DataView> {
    const start = this.#position;
    this.skip(length);
    this.#position = start;
    const bytes = await this.#read(length);
    this.#position += length;
    return new DataView(bytes.buffer);
  }

  /** Skips `length` bytes. @throws {InteropError} `ERR_TORCH_FILE` if there are fewer */
  skip(length: number): void {
    const left = this.options.end - this.#position;
    if (!(length >= 0 && length <= left)) {
      const { file } = this.source;
      const finding = `byte ${this.#position}: the next value takes ${length} bytes but the file has ${left} more`;
      throw new InteropError("ERR_TORCH_FILE", `${file}: ${finding}`);
    }
    this.#position += length;
  }

  async #read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const { budget } = this.options;
    // Reading a byte is far cheaper than decoding it.
    if (!budget.take(length / 4)) {
      const finding = `reading its pickles takes more than ${budget.limit} bytes of memory and work`;
      throw new PickleError("ERR_PICKLE_LIMIT", `${this.source.file}: ${finding}`);
    }
    return this.source.read(this.#position, length);
  }
}
