import { printable } from "../tensor/printable.js";
import { PickleDict } from "./pickle-dict.js";
import type { PickleErrorCode } from "./pickle-error.js";
import {
  type Charge,
  OpaqueObject,
  PickleGlobal,
  type PickleGlobals,
  PickleObject,
  opaque,
} from "./pickle-globals.js";
import type { PickleReader } from "./pickle-reader.js";

/** Estimates of the memory that V8 takes, in bytes. */
const slotBytes = 16;
const objectBytes = 256;
const memoBytes = 64;

/** Finds an object that is stored outside the pickle, by its identity. */
export type PersistentLoad = (identity: unknown, charge: Charge) => unknown;

export interface UnpicklerOptions {
  readonly globals: PickleGlobals;
  readonly skipped: Set<string> | undefined;
  readonly persistentLoad: PersistentLoad | undefined;
}

/**
 * The machine that runs a pickle: a stack, marks on it, and a memo.
 *
 * Everything that it keeps, decodes or looks up is charged to the reader's budget. Nothing recurses, so nesting
 * cannot overflow the stack.
 */
export class Unpickler {
  readonly #stack: unknown[] = [];
  readonly #marks: number[] = [];
  /** The memo by index, as text: V8 hashes numbers by their value, so a file could choose colliding indices. */
  readonly #memo = new Map<string, unknown>();

  constructor(
    private readonly reader: PickleReader,
    private readonly options: UnpicklerOptions,
  ) {}

  push(value: unknown): void {
    this.reader.charge(slotBytes);
    this.#stack.push(value);
  }

  /** Pushes an array, a dict or a view. */
  pushObject(value: object, entries = 0): void {
    this.reader.charge(objectBytes + entries * slotBytes);
    this.push(value);
  }

  pop(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) {
      throw this.#format("the stack has no operand for this operation");
    }
    return this.#stack.pop();
  }

  top(): unknown {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  mark(): void {
    this.reader.charge(slotBytes);
    this.#marks.push(this.#stack.length);
  }

  /** Pops the mark and everything above it. */
  popMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#format("the stack has no mark for this operation");
    return this.#stack.splice(mark);
  }

  put(index: unknown): void {
    this.reader.charge(memoBytes);
    this.#memo.set(`#${String(index)}`, this.top());
  }

  /** Stores under the next free index. */
  memoize = (): void => this.put(this.#memo.size);

  get(index: unknown): void {
    const key = `#${String(index)}`;
    if (!this.#memo.has(key)) throw this.#format(`GET: nothing is stored under ${String(index)}`);
    this.push(this.#memo.get(key));
  }

  append(values: readonly unknown[]): void {
    const list = this.top();
    if (list instanceof OpaqueObject) return;
    if (!Array.isArray(list)) throw this.#format("APPENDS: the target is not a list");
    this.reader.charge(values.length * slotBytes);
    for (const value of values) list.push(value);
  }

  /** @param pairs keys and values in turn */
  setItems(pairs: readonly unknown[]): void {
    const dict = this.top();
    if (dict instanceof OpaqueObject) return;
    if (!(dict instanceof PickleDict)) throw this.#format("SETITEMS: the target is not a dict");
    if (pairs.length % 2 === 1) throw this.#format("SETITEMS: the last key has no value");
    for (let i = 0; i < pairs.length; i += 2) dict.set(pairs[i], pairs[i + 1], this.reader.charge);
  }

  /** Looks up a class or function. */
  global(module: unknown, name: unknown): PickleGlobal {
    if (typeof module !== "string" || typeof name !== "string") {
      throw this.#format("STACK_GLOBAL: module and name must be text");
    }
    this.reader.charge(objectBytes + module.length + name.length);
    const { globals, skipped } = this.options;
    const full = `${module}.${name}`;
    const construct = globals.get(full);
    if (construct !== undefined) return new PickleGlobal(full, construct);
    const shown = printable(full);
    if (!skipped) {
      const finding = `it holds ${shown}, which is refused: only data is read, and no code is run`;
      throw this.#error("ERR_PICKLE_CLASS", finding);
    }
    skipped.add(shown);
    return new PickleGlobal(shown, opaque(shown));
  }

  /** Makes a value of a class. */
  construct(callee: unknown, args: unknown): void {
    if (!Array.isArray(args)) throw this.#format("REDUCE: the arguments are not a tuple");
    if (callee instanceof OpaqueObject) {
      this.pushObject(new OpaqueObject(callee.name)); // such as the method of a skipped object
      return;
    }
    if (!(callee instanceof PickleGlobal)) {
      throw this.#format("REDUCE: the callee is not an allowed class");
    }
    const { name, construct } = callee;
    if (!construct) throw this.#format(`REDUCE: ${name} cannot be called`);
    this.reader.charge(objectBytes);
    this.push(this.#within(name, () => construct(args as unknown[], this.reader.charge)));
  }

  /** Sets the state of an object. The attributes of a dict, such as the `_metadata` of a `state_dict`, are dropped. */
  build(): void {
    const state = this.pop();
    const object = this.top();
    if (object instanceof PickleObject) {
      this.#within(object.constructor.name, () => object.setState(state, this.reader.charge));
    } else if (!(object instanceof PickleDict)) {
      throw this.#format("BUILD: the target takes no state");
    }
  }

  persistent(identity: unknown): void {
    const load = this.options.persistentLoad;
    if (!load) throw this.#format("it refers to an object outside the pickle");
    this.reader.charge(objectBytes);
    this.push(this.#within("persistent object", () => load(identity, this.reader.charge)));
  }

  #format(finding: string): Error {
    return this.#error("ERR_PICKLE_FORMAT", finding);
  }

  #error(code: PickleErrorCode, finding: string, cause?: unknown): Error {
    return this.reader.error(code, finding, cause);
  }

  #within<T>(name: string, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (error instanceof Error && error.constructor === Error) {
        throw this.#error("ERR_PICKLE_FORMAT", `${name}: ${error.message}`, error);
      }
      throw error;
    }
  }
}
