import { printable, printableLines } from "./printable.js";

/**
 * The base of every error this package throws on purpose.
 *
 * `code` is stable across versions; the message is one sentence for a person: what is wrong, with
 * both values, where, and what to do. Names out of files may stand in it: characters that a terminal would obey are `?`.
 */
export class ResnetError extends Error {
  override readonly name: string = "ResnetError";

  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(printableLines(message), options);
  }

  /** Whether the fault lies in what was asked for, such as a name or a setting. The command then exits with 2, else with 1. */
  get isUsage(): boolean {
    return false;
  }

  /** Adds the path of the module that was being traced, unless it is the root; the innermost module speaks first and alone. */
  inModule(path: string): this {
    if (path && !this.message.includes("\n  in "))
      this.message += `\n  in ${printable(path)}, while tracing`;
    return this;
  }
}

/** An error in the request: a name, setting, attribute or shape that does not exist, does not fit, or contradicts another. */
export class UsageError extends ResnetError {
  override readonly name: string = "UsageError";

  override get isUsage(): boolean {
    return true;
  }
}
