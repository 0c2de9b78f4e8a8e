import { ResnetError } from "../tensor/error.js";

/** Why a pickle was not read; stable across versions. */
export type PickleErrorCode =
  /** The bytes are no pickle, or contradict themselves. */
  | "ERR_PICKLE_FORMAT"
  /** The bytes end before the pickle does. */
  | "ERR_PICKLE_TRUNCATED"
  /** It names a class or function that is not on the caller's list. */
  | "ERR_PICKLE_CLASS"
  /** It asks for more memory or a longer number than files of its kind need. */
  | "ERR_PICKLE_LIMIT";

/** Thrown when a pickle is damaged, hostile, or holds more than data. */
export class PickleError extends ResnetError {
  override readonly name = "PickleError";
  declare readonly code: PickleErrorCode;

  constructor(code: PickleErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
