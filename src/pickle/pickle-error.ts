import { ResnetError } from "../tensor/error.js";

/** Why a pickle was not read; stable across versions. */
export type PickleErrorCode =
  /** The bytes are not a pickle, or are damaged. */
  | "ERR_PICKLE_FORMAT"
  /** The bytes end before the pickle does. */
  | "ERR_PICKLE_TRUNCATED"
  /** It names a class or function that the caller does not allow. */
  | "ERR_PICKLE_CLASS"
  /** It asks for more memory and work than its size allows, or for a number or name that is too long. */
  | "ERR_PICKLE_LIMIT";

/** Thrown when a pickle is damaged, hostile, or holds more than data. */
export class PickleError extends ResnetError {
  override readonly name = "PickleError";
  declare readonly code: PickleErrorCode;

  constructor(code: PickleErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
