import { Budget, PickleReader } from "./pickle-reader.js";
import { type PickleGlobals, bytesGlobals } from "./pickle-globals.js";
import { operations, stop } from "./operations.js";
import { type PersistentLoad, Unpickler } from "./unpickler.js";

/** The cost of an operation, which limits operations without values. */
const operationCost = 8;

export interface UnpickleOptions {
  /** The allowed classes and functions. Default: none. */
  readonly globals?: PickleGlobals;
  /**
   * If given, objects of other classes become an `OpaqueObject` without contents, and the names of these classes are
   * added here. By default such a class is an error.
   */
  readonly skipped?: Set<string>;
  /** Finds objects that are stored outside the pickle; by default, references to such objects are refused. */
  readonly persistentLoad?: PersistentLoad;
  /** The byte of the file at which `bytes` begin, for errors. Default 0. */
  readonly origin?: number;
  /** The limit of the cost, shared by all pickles of a file. Default: a budget for `bytes`. */
  readonly budget?: Budget;
  /** The name of the file, for the error. */
  readonly file?: string;
}

/**
 * Reads a Python pickle, of protocols 0 to 5, without running any code.
 *
 *     None, bool, float           null, boolean, number
 *     int                         number; bigint if a number is not exact
 *     str                         string
 *     bytes, and str of Python 2  Uint8Array, a view of `bytes`
 *     tuple, list, set            array
 *     dict                        PickleDict; keys that are bytes become text (Latin-1)
 *
 * Only classes and functions of `globals` are used. Memory and work are bounded by `budget`. Values may contain
 * themselves.
 *
 * @returns the value, and `end`: the byte of `bytes` after it
 * @throws {PickleError} `ERR_PICKLE_FORMAT` if the bytes are damaged, `ERR_PICKLE_TRUNCATED` if they end early;
 *   `ERR_PICKLE_CLASS` for a name that is not allowed; `ERR_PICKLE_LIMIT` if the cost exceeds the budget
 * @see Python's `pickletools`, whose names the operations have
 */
export function unpickle(
  bytes: Uint8Array,
  {
    globals = new Map(),
    skipped,
    persistentLoad,
    origin = 0,
    budget = Budget.forFile(bytes.length),
    file = "pickle",
  }: UnpickleOptions = {},
): { readonly value: unknown; readonly end: number } {
  const reader = new PickleReader(bytes, { origin, file, budget });
  const machine = new Unpickler(reader, {
    globals: new Map([...bytesGlobals, ...globals]),
    skipped,
    persistentLoad,
  });
  for (let code = reader.u8(); code !== stop; code = reader.u8()) {
    const operation = operations.get(code);
    if (!operation) {
      const shown = `0x${code.toString(16).padStart(2, "0")}`;
      reader.position--;
      throw reader.error("ERR_PICKLE_FORMAT", `${shown} is not an operation that is read here`);
    }
    reader.charge(operationCost);
    operation(machine, reader);
  }
  return { value: machine.pop(), end: reader.position };
}
