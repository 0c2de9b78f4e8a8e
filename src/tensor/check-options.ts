import { didYouMean } from "./did-you-mean.js";
import { UsageError } from "./error.js";
import { printable } from "./printable.js";

/**
 * What a number must be. `whole` numbers have no fraction.
 */
export interface NumberRange {
  readonly least?: number;
  readonly most?: number;
  /** Whether `least` itself is excluded. */
  readonly above?: boolean;
  readonly whole?: boolean;
}

/** A whole number of 1 or more. */
export const count: NumberRange = { least: 1, whole: true };
/** A whole number of 0 or more. */
export const size: NumberRange = { least: 0, whole: true };
/** A number in `[0, 1]`. */
export const fraction: NumberRange = { least: 0, most: 1 };

/**
 * Checks the options of a public function, which JavaScript callers may misspell.
 *
 * @param where the function or class, for the message
 * @param options what the caller passed
 * @param known the names of all options
 * @throws {ResnetError} `ERR_ARGUMENT` if it is not an object of options, or for an option that does not exist; names the nearest one
 */
export function checkOptions(where: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new UsageError(
      "ERR_ARGUMENT",
      `${where}: the options are ${printable(JSON.stringify(options) ?? "undefined")}, but they must be an object such as ` +
        `{ ${known[0]}: … }; its options are ${known.join(", ")}`,
    );
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new UsageError(
      "ERR_ARGUMENT",
      `${where} has no option "${printable(name)}"${didYouMean(camelCase(name), known)}: its options are ${known.join(", ")}`,
    );
  }
}

/** Checks a number. @throws {ResnetError} `ERR_ARGUMENT` with the value and the range */
export function checkNumber(where: string, name: string, value: unknown, range: NumberRange): void {
  const { least = -Infinity, most = Infinity, above = false, whole = false } = range;
  const isInRange =
    typeof value === "number" && (above ? value > least : value >= least) && value <= most;
  if (isInRange && (!whole || Number.isSafeInteger(value))) return;
  throw new UsageError(
    "ERR_ARGUMENT",
    `${where}: ${name} is ${shown(value)}, but it must be ${describeRange(range)}`,
  );
}

function describeRange({ least, most, above, whole }: NumberRange): string {
  const kind = whole ? "a whole number" : "a number";
  if (least !== undefined && most !== undefined) return `${kind} from ${least} to ${most}`;
  if (least !== undefined) return above ? `${kind} above ${least}` : `${kind} of ${least} or more`;
  return most === undefined ? kind : `${kind} of ${most} at most`;
}

const shown = (value: unknown): string =>
  printable(typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value)));

/** `num_classes` as `numClasses`: Python's spelling, for the nearest name. */
const camelCase = (name: string): string =>
  name
    .replace(/^(num|in|out)_/, "")
    .replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
