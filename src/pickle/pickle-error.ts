import { ResnetError } from "../tensor/error.js";

/** The codes of errors of pickles; stable across versions. */
export type PickleErrorCode =
  /** The bytes are not a pickle, or are damaged. */
  | "ERR_PICKLE_FORMAT"
  /** The bytes end inside the pickle. */
  | "ERR_PICKLE_TRUNCATED"
  /** The pickle names a class or function that the caller does not allow. */
  | "ERR_PICKLE_CLASS"
  /** The pickle needs more memory and work than its size allows, or has a number or name that is too long. */
  | "ERR_PICKLE_LIMIT";

/** Thrown when a pickle is damaged or hostile, or holds more than data. */
export class PickleError extends ResnetError {
  override readonly name = "PickleError";
  declare readonly code: PickleErrorCode;

  constructor(code: PickleErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
