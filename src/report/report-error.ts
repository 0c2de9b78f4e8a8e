import { ResnetError } from "../tensor/error.js";

/** What can be wrong with the inputs of a report; stable across versions. */
export type ReportErrorCode =
  /** Labels and predictions differ in number. */
  | "ERR_REPORT_LENGTH"
  /** A label or prediction names no class. */
  | "ERR_REPORT_CLASS"
  /** A matrix and the names of its classes do not fit together. */
  | "ERR_REPORT_MATRIX"
  /** A number of decimals that no report can have. */
  | "ERR_REPORT_DIGITS";

/** Thrown when a report cannot be made of what was given. */
export class ReportError extends ResnetError {
  override readonly name = "ReportError";
  declare readonly code: ReportErrorCode;

  constructor(code: ReportErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}
