import { bytesGlobals } from "./bytes-globals.js";
import { operations, stop } from "./operations.js";
import type { PickleGlobals } from "./pickle-globals.js";
import { PickleReader } from "./pickle-reader.js";
import { type PersistentLoad, Unpickler } from "./unpickler.js";

/** Counted for every operation, so that those without values end as well. */
const operationBytes = 8;

export interface UnpickleOptions {
  /** The classes and functions that may be named; none by default. */
  readonly globals?: PickleGlobals;
  /** Finds objects that are stored outside of the pickle; without it, references to such are refused. */
  readonly persistentLoad?: PersistentLoad;
  /** Where the pickle starts, in bytes; 0 by default. */
  readonly start?: number;
  /** The file's name, for the error. */
  readonly file?: string;
}

/**
 * Reads a Python pickle, of protocols 0 to 5, without running any code.
 *
 *     None, bool, float           null, boolean, number
 *     int                         number; bigint where a number is not exact
 *     str                         string
 *     bytes, and str of Python 2  Uint8Array, a view of `bytes`
 *     tuple, list                 array
 *     dict                        Map; keys that are bytes become text (Latin-1)
 *
 * Classes and functions are those of `globals`; every other name is refused. Values take no more memory than the file
 * and a fixed 32 MiB. They may contain themselves: walk them with care.
 *
 * @returns the value, and `end`: the byte behind it
 * @throws {PickleError} `ERR_PICKLE_FORMAT` if the bytes are damaged, `ERR_PICKLE_TRUNCATED` if they end early; `ERR_PICKLE_CLASS` for a name that is not on
 *   the list; `ERR_PICKLE_LIMIT` if the values take too much memory
 * @see Python's `pickletools`, whose names the operations have
 */
export function unpickle(
  bytes: Uint8Array,
  { globals = new Map(), persistentLoad, start = 0, file = "pickle" }: UnpickleOptions = {},
): { readonly value: unknown; readonly end: number } {
  const reader = new PickleReader(bytes, start, file);
  const machine = new Unpickler(reader, new Map([...bytesGlobals, ...globals]), persistentLoad);
  for (let code = reader.u8(); code !== stop; code = reader.u8()) {
    const operation = operations.get(code);
    if (!operation) {
      const shown = `0x${code.toString(16).padStart(2, "0")}`;
      reader.position--;
      throw reader.error("ERR_PICKLE_FORMAT", `${shown} is no operation that is read here`);
    }
    machine.charge(operationBytes);
    operation(machine, reader);
  }
  return { value: machine.pop(), end: reader.position };
}
