/** Pays for memory or work, in bytes; throws `ERR_PICKLE_LIMIT` once the budget of the file is spent. */
export type Charge = (bytes: number) => void;

/**
 * Stands for a Python class or function: makes a value from the arguments, with code of this package.
 * Throws an `Error` with one clause of text where the arguments are wrong.
 */
export type PickleConstructor = (args: readonly unknown[], charge: Charge) => unknown;

/** The names that a pickle may use, such as `collections.OrderedDict`; null for a name that may be passed on but not called. */
export type PickleGlobals = ReadonlyMap<string, PickleConstructor | null>;

/** A class or function, as a value of the pickle. */
export class PickleGlobal {
  constructor(
    readonly name: string,
    readonly construct: PickleConstructor | null,
  ) {}
}

/** A value whose class takes a state after it was made (Python's `__setstate__`). */
export abstract class PickleObject {
  abstract setState(state: unknown, charge: Charge): void;
}

/** An object whose class is not understood. It holds nothing: its arguments, state, items and entries are dropped. */
export class OpaqueObject extends PickleObject {
  constructor(readonly name: string) {
    super();
  }

  setState(): void {}
}

/** A constructor that drops its arguments. */
export const opaque =
  (name: string): PickleConstructor =>
  () =>
    new OpaqueObject(name);
