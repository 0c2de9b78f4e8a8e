import { printable } from "../tensor/printable.js";
import { type Charge, PickleGlobal, type PickleGlobals, PickleObject } from "./pickle-globals.js";
import type { PickleReader } from "./pickle-reader.js";
import { asText } from "./pickle-text.js";

/** What files without many values may take, in bytes. */
const allowance = 32 * 1024 * 1024;

/** Estimates of what V8 takes, in bytes. */
const slotBytes = 16;
const objectBytes = 256;
const entryBytes = 48;

/** What a pickle gives for the objects that it stores elsewhere, by their identity. */
export type PersistentLoad = (identity: unknown) => unknown;

/**
 * The machine that a pickle is a program of: a stack, marks on it, and a memo.
 *
 * Values take no more memory than the file and a fixed allowance, counted by estimate as they are made, so that neither
 * many small values nor a few shared ones grow without bound. Nothing here recurses: nesting costs nothing.
 */
export class Unpickler {
  readonly #stack: unknown[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, unknown>();
  #memory: number;

  constructor(
    readonly reader: PickleReader,
    readonly globals: PickleGlobals,
    readonly persistentLoad: PersistentLoad | undefined,
  ) {
    this.#memory = allowance + reader.bytes.length;
  }

  readonly charge: Charge = (bytes) => {
    this.#memory -= bytes;
    if (!(this.#memory >= 0)) {
      const limit = allowance + this.reader.bytes.length;
      throw this.reader.error("ERR_PICKLE_LIMIT", `its values take more than ${limit} bytes`);
    }
  };

  push(value: unknown): void {
    this.charge(slotBytes);
    this.#stack.push(value);
  }

  pushText(text: string): void {
    this.charge(text.length);
    this.push(text);
  }

  /** Pushes an array, map or view. */
  pushObject(value: object, entries = 0): void {
    this.charge(objectBytes + entries * slotBytes);
    this.push(value);
  }

  pop(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) {
      throw this.reader.error("ERR_PICKLE_FORMAT", "an operation lacks its operand");
    }
    return this.#stack.pop();
  }

  top(): unknown {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  mark(): void {
    this.charge(slotBytes);
    this.#marks.push(this.#stack.length);
  }

  /** Takes everything above the last mark, and the mark. */
  popMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) {
      throw this.reader.error("ERR_PICKLE_FORMAT", "an operation lacks its mark");
    }
    return this.#stack.splice(mark);
  }

  put(index: number): void {
    this.charge(entryBytes);
    this.#memo.set(index, this.top());
  }

  /** Puts under the next index that is free (protocol 4 counts). */
  memoize = (): void => this.put(this.#memo.size);

  get(index: number): void {
    if (!this.#memo.has(index)) {
      throw this.reader.error("ERR_PICKLE_FORMAT", `value ${index} is read before it is stored`);
    }
    this.push(this.#memo.get(index));
  }

  append(values: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list)) {
      throw this.reader.error("ERR_PICKLE_FORMAT", "values are appended to what is no list");
    }
    this.charge(values.length * slotBytes);
    for (const value of values) list.push(value);
  }

  /** @param pairs keys and values in turn */
  setItems(dict: unknown, pairs: readonly unknown[]): void {
    if (!(dict instanceof Map)) {
      throw this.reader.error("ERR_PICKLE_FORMAT", "an entry is set in what is no dict");
    }
    if (pairs.length % 2 === 1) {
      throw this.reader.error("ERR_PICKLE_FORMAT", "a dict's last key has no value");
    }
    this.charge((pairs.length / 2) * entryBytes);
    for (let i = 0; i < pairs.length; i += 2) {
      const key = pairs[i];
      if (key instanceof Uint8Array) this.charge(key.length);
      dict.set(asText(key) ?? key, pairs[i + 1]);
    }
  }

  /** Pushes what a name stands for. */
  global(module: unknown, name: unknown): PickleGlobal {
    if (typeof module !== "string" || typeof name !== "string") {
      throw this.reader.error("ERR_PICKLE_FORMAT", "a class is named by what is no text");
    }
    const full = `${module}.${name}`;
    const construct = this.globals.get(full);
    if (construct === undefined) {
      throw this.reader.error(
        "ERR_PICKLE_CLASS",
        `it holds ${printable(full)}, which is refused: only data is read, and no code is run`,
      );
    }
    this.charge(objectBytes);
    return new PickleGlobal(full, construct);
  }

  /** Makes a value of an allowed class. */
  construct(callee: unknown, args: unknown): void {
    if (!(callee instanceof PickleGlobal) || !Array.isArray(args)) {
      throw this.reader.error("ERR_PICKLE_FORMAT", "what is called is no class");
    }
    const { name, construct } = callee;
    if (!construct) throw this.reader.error("ERR_PICKLE_FORMAT", `${name} cannot be called`);
    this.charge(objectBytes);
    this.push(this.#within(name, () => construct(args, this.charge)));
  }

  /** Gives an object its state. A dict's attributes, such as a `state_dict`'s `_metadata`, are dropped. */
  build(): void {
    const state = this.pop();
    const object = this.top();
    if (object instanceof PickleObject) {
      this.#within(object.constructor.name, () => object.setState(state, this.charge));
    } else if (!(object instanceof Map)) {
      throw this.reader.error("ERR_PICKLE_FORMAT", "a state is given to what takes none");
    }
  }

  persistent(identity: unknown): void {
    const load = this.persistentLoad;
    if (!load) {
      throw this.reader.error("ERR_PICKLE_FORMAT", "it refers to objects outside of itself");
    }
    this.charge(objectBytes);
    this.push(this.#within("persistent object", () => load(identity)));
  }

  #within<T>(name: string, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (error instanceof Error && error.constructor === Error) {
        throw this.reader.error("ERR_PICKLE_FORMAT", `${name}: ${error.message}`, error);
      }
      throw error;
    }
  }
}
