import { ResnetError } from "../tensor/error.js";

/** Thrown by the factory of an executor that this machine cannot run; `auto` then takes another one. */
export class UnavailableError extends ResnetError {
  override readonly name: string = "UnavailableError";

  /** @param summary the reason and the way out, in one line */
  constructor(
    code: string,
    message: string,
    readonly summary: string,
  ) {
    super(code, message);
  }
}
