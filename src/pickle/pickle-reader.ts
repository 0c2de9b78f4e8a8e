import { latin1 } from "./pickle-dict.js";
import { PickleError } from "./pickle-error.js";
import type { Charge } from "./pickle-globals.js";

/** Longest name or text of a number; real ones are much shorter. */
const maxLineLength = 4096;

/** UTF-8 that may contain halves of surrogate pairs, as Python's strings may; these become U+FFFD. */
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads the bytes of a pickle in order, and checks every read against the end of the file. */
export class PickleReader {
  readonly #view: DataView;

  /** The next byte of `bytes` to read. */
  position = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly options: {
      /** The byte of the file at which `bytes` begin. */
      readonly origin: number;
      readonly file: string;
      readonly budget: Budget;
    },
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Charges the budget. @throws {PickleError} `ERR_PICKLE_LIMIT` once it is spent */
  readonly charge: Charge = (bytes) => {
    const { budget } = this.options;
    if (budget.take(bytes)) return;
    const limit = `more than ${budget.limit} bytes of memory and work`;
    throw this.error("ERR_PICKLE_LIMIT", `its values take ${limit}`);
  };

  /** The next `length` bytes, as a view of the file. */
  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.bytes.subarray(start, start + length);
  }

  u8 = (): number => this.#view.getUint8(this.#advance(1));
  u16 = (): number => this.#view.getUint16(this.#advance(2), true);
  u32 = (): number => this.#view.getUint32(this.#advance(4), true);
  i32 = (): number => this.#view.getInt32(this.#advance(4), true);
  /** Big-endian, unlike every other number of a pickle. */
  f64 = (): number => this.#view.getFloat64(this.#advance(8));
  /** A length of 8 bytes. A length above 2^53 loses digits, but is longer than any file anyway. */
  u64 = (): number => Number(this.#view.getBigUint64(this.#advance(8), true));

  /** The next `length` bytes, as text in UTF-8. */
  text(length: number): string {
    const bytes = this.take(length);
    this.charge(length);
    return utf8.decode(bytes);
  }

  /** The text up to the end of the line, in Latin-1: names and numbers of protocol 0. */
  line(): string {
    return latin1(this.lineBytes(maxLineLength), this.charge);
  }

  /** The bytes up to the end of the line, without the line break. */
  lineBytes(longest = Number.POSITIVE_INFINITY): Uint8Array {
    const rest = this.bytes.subarray(this.position, this.position + longest + 1);
    const length = rest.indexOf(0x0a);
    if (length < 0 && rest.length > longest) {
      throw this.error("ERR_PICKLE_LIMIT", `a name or number has more than ${longest} characters`);
    }
    if (length < 0) throw this.error("ERR_PICKLE_TRUNCATED", "the file ends within a line");
    this.charge(length);
    this.position += length + 1;
    return rest.subarray(0, length);
  }

  /** An error that names the file and the byte. */
  error(code: PickleError["code"], finding: string, cause?: unknown): PickleError {
    const { file, origin } = this.options;
    return new PickleError(code, `${file}: byte ${origin + this.position}: ${finding}`, { cause });
  }

  /** Advances by `length` bytes. @returns their start */
  #advance(length: number): number {
    const start = this.position;
    const left = this.bytes.length - start;
    if (length < 0) throw this.error("ERR_PICKLE_FORMAT", `the next value takes ${length} bytes`);
    if (length > left) {
      const has = `the file has ${left} more`;
      throw this.error("ERR_PICKLE_TRUNCATED", `the next value takes ${length} bytes but ${has}`);
    }
    this.position += length;
    return start;
  }
}

/** Allowance of every file, so that small files are not refused. */
const allowance = 32 * 1024 * 1024;

/**
 * The limit of the cost of reading a file, in bytes. Memory and work share it: each byte that is kept, decoded,
 * copied, hashed or compared costs 1, each time. So the size of the file bounds memory and time, whatever its
 * contents.
 */
export class Budget {
  #spent = 0;

  constructor(readonly limit: number) {}

  /** A budget of the file's size and 32 MiB. */
  static forFile(bytes: number): Budget {
    return new Budget(bytes + allowance);
  }

  get spent(): number {
    return this.#spent;
  }

  /** Spends `bytes`. @returns false if the budget is exceeded */
  take(bytes: number): boolean {
    this.#spent += bytes;
    return this.#spent <= this.limit;
  }
}
