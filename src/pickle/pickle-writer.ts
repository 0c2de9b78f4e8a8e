/** Writes a pickle of protocol 2. The operations have the names of Python's `pickletools`. */
export class PickleWriter {
  readonly #bytes: number[] = [0x80, 2]; // PROTO

  /** An operation without operands. */
  op(character: string): this {
    this.#bytes.push(character.charCodeAt(0));
    return this;
  }

  /** GLOBAL */
  global(module: string, name: string): this {
    this.#bytes.push(...new TextEncoder().encode(`c${module}\n${name}\n`));
    return this;
  }

  /** BINUNICODE */
  text(text: string): this {
    const bytes = new TextEncoder().encode(text);
    this.#bytes.push("X".charCodeAt(0), ...u32(bytes.length), ...bytes);
    return this;
  }

  /** BININT, or LONG1 of 8 bytes. @param value a whole number of 0 or more */
  integer(value: number): this {
    if (value < 2 ** 31) this.#bytes.push("J".charCodeAt(0), ...u32(value));
    else this.#bytes.push(0x8a, 8, ...u32(value % 2 ** 32), ...u32(Math.floor(value / 2 ** 32)));
    return this;
  }

  /** A tuple of whole numbers. */
  integers(values: readonly number[]): this {
    this.op("(");
    for (const value of values) this.integer(value);
    return this.op("t");
  }

  /** NEWFALSE */
  no(): this {
    this.#bytes.push(0x89);
    return this;
  }

  /** The whole pickle. */
  end(): Uint8Array {
    return Uint8Array.from([...this.#bytes, ".".charCodeAt(0)]);
  }
}

const u32 = (value: number): readonly number[] => [
  value & 0xff,
  (value >>> 8) & 0xff,
  (value >>> 16) & 0xff,
  (value >>> 24) & 0xff,
];
