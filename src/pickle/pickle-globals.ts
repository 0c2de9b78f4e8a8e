/** Counts memory that a value is about to take; throws `ERR_PICKLE_LIMIT` where it is too much. */
export type Charge = (bytes: number) => void;

/**
 * What stands for a Python class or function: makes a value from the arguments, with code of this package.
 * Throws an `Error` with one clause of text where the arguments are wrong.
 */
export type PickleConstructor = (args: readonly unknown[], charge: Charge) => unknown;

/**
 * The names that a pickle may use, such as `collections.OrderedDict`; null where a name is only passed on, never
 * called. Every other name is refused.
 */
export type PickleGlobals = ReadonlyMap<string, PickleConstructor | null>;

/** A name of the list, as a value of the pickle. */
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
