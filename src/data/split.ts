import { permutation, randomKey } from "../tensor/random.js";
import { DataError } from "./data-error.js";

/**
 * Disjoint random parts of the rows `0 … rows − 1`, each in random order.
 *
 *     const { train, valid } = splitRows(60000, { train: 10000, valid: 1000 }, seed);
 *
 * The parts are consecutive pieces of one permutation, in the order in which they are named; rows
 * that no part takes are left out. The same seed gives the same parts on every machine.
 *
 * @param sizes rows of each part, by its name
 * @throws {DataError} `ERR_DATA_ROWS` if a size is not a whole number or the parts exceed the rows
 */
export function splitRows<Part extends string>(
  rows: number,
  sizes: Readonly<Record<Part, number>>,
  seed: number,
): Record<Part, Int32Array> {
  const parts = Object.entries<number>(sizes);
  for (const [part, size] of parts) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new DataError(
        "ERR_DATA_ROWS",
        `splitRows: the size of ${part} is ${size} but takes a whole number of 0 or more`,
      );
    }
  }
  const total = parts.reduce((sum, [, size]) => sum + size, 0);
  if (total > rows) {
    const list = parts.map(([part, size]) => `${part} ${size}`).join(", ");
    throw new DataError(
      "ERR_DATA_ROWS",
      `splitRows: the parts take ${total} rows (${list}) but the data set has ${rows}`,
    );
  }
  const order = permutation(randomKey(seed, "split"), rows);
  let start = 0;
  const split = parts.map(([part, size]) => [part, order.slice(start, (start += size))] as const);
  return Object.fromEntries(split) as Record<Part, Int32Array>;
}
