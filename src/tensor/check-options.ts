import { didYouMean } from "./did-you-mean.js";
import { UsageError } from "./error.js";
import { printable } from "./printable.js";

/**
 * The range of a number. `whole` numbers have no fraction.
 */
export interface NumberRange {
  readonly least?: number;
  readonly most?: number;
  /** Whether `least` itself is excluded. */
  readonly above?: boolean;
  /** Whether `most` itself is excluded. */
  readonly below?: boolean;
  readonly whole?: boolean;
}

/** A whole number of 1 or more. */
export const count: NumberRange = { least: 1, whole: true };
/** A whole number of 0 or more. */
export const size: NumberRange = { least: 0, whole: true };
/** A number in `[0, 1]`. */
export const fraction: NumberRange = { least: 0, most: 1 };
/** A number in `[0, 1)`: the fraction of an average that is kept. */
export const decay: NumberRange = { least: 0, most: 1, below: true };
/** A number of 0 or more. */
export const notNegative: NumberRange = { least: 0 };

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

/** The values that an option takes: numbers of a range, some constants, true and false, or others that its reader checks. */
export type OptionValues = NumberRange | readonly unknown[] | "boolean" | "any";

/**
 * Checks the names of options, and their values. An option that is undefined has its default.
 *
 * @param values the values of each option, by its name
 * @throws {ResnetError} `ERR_ARGUMENT`, as `checkOptions`, and for a value that the option does not take
 */
export function checkOptionValues(
  where: string,
  options: object,
  values: Readonly<Record<string, OptionValues>>,
): void {
  checkOptions(where, options, Object.keys(values));
  for (const [name, value] of Object.entries(options)) {
    const taken = values[name]!;
    if (value === undefined || taken === "any") continue;
    if (taken === "boolean") checkConstant(where, name, value, [true, false]);
    else if (isConstants(taken)) checkConstant(where, name, value, taken);
    else checkNumber(where, name, value, taken);
  }
}

const isConstants = (values: OptionValues): values is readonly unknown[] => Array.isArray(values);

function checkConstant(
  where: string,
  name: string,
  value: unknown,
  constants: readonly unknown[],
): void {
  if (constants.includes(value)) return;
  const list = alternatives.format(constants.map((each) => JSON.stringify(each)));
  throw new UsageError(
    "ERR_ARGUMENT",
    `${where}: ${name} is ${shown(value)}, but it must be ${list}`,
  );
}

const alternatives = new Intl.ListFormat("en-GB", { type: "disjunction" });

/** Checks a number. @throws {ResnetError} `ERR_ARGUMENT` with the value and the range */
export function checkNumber(where: string, name: string, value: unknown, range: NumberRange): void {
  const { least = -Infinity, most = Infinity, above = false, below = false, whole = false } = range;
  const isInRange =
    typeof value === "number" &&
    Number.isFinite(value) &&
    (above ? value > least : value >= least) &&
    (below ? value < most : value <= most);
  if (isInRange && (!whole || Number.isSafeInteger(value))) return;
  throw new UsageError(
    "ERR_ARGUMENT",
    `${where}: ${name} is ${shown(value)}, but it must be ${describeRange(range)}`,
  );
}

/** Checks a number for height and width, or `[height, width]`. @throws {ResnetError} `ERR_ARGUMENT` */
export function checkPerAxis(
  where: string,
  name: string,
  value: unknown,
  range: NumberRange,
): void {
  if (!Array.isArray(value)) return checkNumber(where, name, value, range);
  if (value.length !== 2) {
    throw new UsageError(
      "ERR_ARGUMENT",
      `${where}: ${name} is ${shown(value)}, but it must be one number, or [height, width]`,
    );
  }
  ["height", "width"].forEach((axis, i) =>
    checkNumber(where, `the ${axis} of ${name}`, value[i], range),
  );
}

function describeRange({ least, most, above, below, whole }: NumberRange): string {
  const kind = whole ? "a whole number" : "a number";
  if (below) return `${kind} of ${least} or more, below ${most}`;
  if (least !== undefined && most !== undefined) return `${kind} from ${least} to ${most}`;
  if (least !== undefined) return above ? `${kind} above ${least}` : `${kind} of ${least} or more`;
  return most === undefined ? kind : `${kind} of ${most} at most`;
}

/** The kind of a value, for an error: `a number`, `an array`, `a function`, `undefined`. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value !== "object") return `a ${typeof value}`;
  const name = printable((value.constructor as { name?: string } | undefined)?.name ?? "Object");
  return name === "Object" ? "an object" : `a ${name}`;
}

const shown = (value: unknown): string =>
  printable(typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value)));

/** `num_classes` as `numClasses`: Python's spelling, for the nearest name. */
const camelCase = (name: string): string =>
  name
    .replace(/^(num|in|out)_/, "")
    .replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
