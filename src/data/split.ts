import { permutation, randomKey, type RandomKey } from "../tensor/random.js";
import { checkNumber, checkOptions, describeValue, size } from "../tensor/check-options.js";
import { UsageError } from "../tensor/error.js";
import { countLabels } from "./labels.js";
import { DataError } from "./data-error.js";

export interface SplitOptions {
  /** The class of each row: every part then has the proportions of classes of the whole, to a row or two. */
  readonly stratifyBy?: ArrayLike<number>;
}

/**
 * Disjoint random parts of the rows `0 … rows − 1`, each in random order.
 *
 *     const { train, valid } = splitRows(60000, { train: 10000, valid: 1000 }, seed);
 *     const { train, valid } = splitRows(60000, fractionSizes(60000, { train: 0.9, valid: 0.1 }), seed);
 *
 * The parts are consecutive pieces of one random order, in the order of `sizes`; the remaining rows are left out.
 * The same seed gives the same parts on every machine.
 *
 * @param sizes rows of each part, by its name
 * @throws {DataError} `ERR_DATA_ROWS` if a size is not a whole number or the parts exceed the rows;
 *   `ERR_DATA_COUNT` if `stratifyBy` does not have one class for each row
 */
export function splitRows<Part extends string>(
  rows: number,
  sizes: Readonly<Record<Part, number>>,
  seed: number,
  options: SplitOptions = {},
): Record<Part, Int32Array> {
  checkNumber("splitRows", "rows", rows, size);
  checkNumber("splitRows", "seed", seed, size);
  checkOptions("splitRows", options, ["stratifyBy"]);
  const { stratifyBy } = options;
  const parts = Object.entries<number>(checkParts("splitRows", sizes));
  checkSizes(rows, parts);
  if (stratifyBy && stratifyBy.length !== rows) {
    throw new DataError(
      "ERR_DATA_COUNT",
      `there are ${rows} rows but ${stratifyBy.length} classes to stratify by`,
    );
  }
  const key = randomKey(seed, "split");
  const order = stratifyBy ? stratifiedOrder(key, stratifyBy) : permutation(key, rows);
  let start = 0;
  const split = parts.map(([part, length]) => {
    const piece = order.slice(start, (start += length));
    if (!stratifyBy) return [part, piece] as const;
    const mixed = permutation(randomKey(seed, "split", part), length);
    return [part, mixed.map((i) => piece[i]!)] as const;
  });
  return Object.fromEntries(split) as Record<Part, Int32Array>;
}

/**
 * The sizes of parts given as fractions: whole numbers that add up to the rounded sum of the fractions, each less
 * than one row away from its exact size.
 *
 * @param fractions fraction of each part, 0 … 1, by its name
 * @throws {DataError} `ERR_DATA_ROWS` if one lies outside 0 … 1, or their sum exceeds 1
 */
export function fractionSizes<Part extends string>(
  rows: number,
  fractions: Readonly<Record<Part, number>>,
): Record<Part, number> {
  checkNumber("fractionSizes", "rows", rows, size);
  const parts = Object.entries<number>(checkParts("fractionSizes", fractions));
  for (const [part, fraction] of parts) {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new DataError(
        "ERR_DATA_ROWS",
        `the fraction of ${part} is ${fraction} but takes a number from 0 to 1`,
      );
    }
  }
  const sum = parts.reduce((total, [, fraction]) => total + fraction, 0);
  if (sum > 1 + 1e-9) {
    const list = parts.map(([part, fraction]) => `${part} ${fraction}`).join(", ");
    throw new DataError("ERR_DATA_ROWS", `the fractions (${list}) exceed 1 together`);
  }
  // Each part ends where the fractions up to it end, rounded.
  let fraction = 0;
  let end = 0;
  const sizes = parts.map(([part, share]) => {
    fraction += share;
    const start = end;
    end = Math.min(rows, Math.round(fraction * rows));
    return [part, end - start] as const;
  });
  return Object.fromEntries(sizes) as Record<Part, number>;
}

/** @throws {ResnetError} `ERR_ARGUMENT` unless the parts have names */
function checkParts<T extends object>(where: string, parts: T): T {
  if (typeof parts === "object" && parts !== null && !Array.isArray(parts)) return parts;
  throw new UsageError(
    "ERR_ARGUMENT",
    `${where}: the parts are ${describeValue(parts)}, but they must be an object of numbers by the names of the parts, such as { train: 900, valid: 100 }`,
  );
}

function checkSizes(rows: number, parts: readonly (readonly [string, number])[]): void {
  for (const [part, rowsOfPart] of parts) {
    if (!Number.isSafeInteger(rowsOfPart) || rowsOfPart < 0) {
      throw new DataError(
        "ERR_DATA_ROWS",
        `the size of ${part} is ${rowsOfPart} but takes a whole number of 0 or more`,
      );
    }
  }
  const total = parts.reduce((sum, [, each]) => sum + each, 0);
  if (total > rows) {
    const list = parts.map(([part, each]) => `${part} ${each}`).join(", ");
    throw new DataError(
      "ERR_DATA_ROWS",
      `the parts take ${total} rows (${list}) but the data set has ${rows}: take fewer`,
    );
  }
}

/**
 * A random order of which every piece has the proportions of classes of the whole: the rows of each class, in random
 * order, are spread evenly.
 */
function stratifiedOrder(key: RandomKey, labels: ArrayLike<number>): Int32Array {
  const classes = Array.from(labels).reduce((most, label) => Math.max(most, label + 1), 0);
  const counts = countLabels(labels, classes);
  const taken = new Int32Array(classes);
  const order = permutation(key, labels.length);
  const places = new Float64Array(labels.length);
  for (const row of order) {
    const label = labels[row]!;
    places[row] = (taken[label]!++ + 0.5) / counts[label]!;
  }
  return order.sort((a, b) => places[a]! - places[b]! || labels[a]! - labels[b]! || a - b);
}
