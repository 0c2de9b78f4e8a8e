/** Charges the budget for memory or work, in bytes; throws `ERR_PICKLE_LIMIT` once it is spent. */
export type Charge = (bytes: number) => void;

/**
 * Replaces a Python class or function: makes a value from the arguments, with code of this package.
 * Throws an `Error` with a clause of text if the arguments are wrong.
 */
type PickleConstructor = (args: readonly unknown[], charge: Charge) => unknown;

/**
 * The names that a pickle may use, such as `collections.OrderedDict`; null for a name that may be mentioned but not
 * called.
 */
export type PickleGlobals = ReadonlyMap<string, PickleConstructor | null>;

/** A class or function, as a value of the pickle. */
export class PickleGlobal {
  constructor(
    readonly name: string,
    readonly construct: PickleConstructor | null,
  ) {}
}

/** A value that receives a state after its construction (Python's `__setstate__`). */
export abstract class PickleObject {
  abstract setState(state: unknown, charge: Charge): void;
}

/** An object of an unknown class. It is empty: its arguments, state, items and entries are dropped. */
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

/** The calls with which Python 3 writes bytes in protocols 0 to 2, which have no operation for bytes. */

/** `_codecs.encode(text, "latin1")` */
function encodeLatin1([text, encoding]: readonly unknown[], charge: Charge): Uint8Array {
  if (typeof text !== "string" || encoding !== "latin1") {
    throw new Error("only text in latin1 is read");
  }
  charge(text.length);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** `bytes()` */
function emptyBytes(args: readonly unknown[]): Uint8Array {
  if (args.length > 0) throw new Error("only bytes() without arguments is read");
  return new Uint8Array(0);
}

/** Allowed in every pickle. */
export const bytesGlobals: PickleGlobals = new Map([
  ["_codecs.encode", encodeLatin1],
  ["__builtin__.bytes", emptyBytes],
]);
