import { permutation, randomKey, type RandomKey } from "../tensor/random.js";
import { DataError } from "./data-error.js";

/** The stream of random numbers that orders the rows of one epoch. */
export const shuffleKey = (seed: number, epoch: number): RandomKey =>
  randomKey(seed, "shuffle", epoch);

/**
 * The batches of one epoch, as arrays of row indices; the last is smaller when the rows do not
 * divide evenly, and is never dropped.
 *
 * @param rows the rows to visit
 * @param batchSize samples per batch, 1 or more
 * @param key the stream that shuffles the rows (`shuffleKey(seed, epoch)`); null keeps their order
 * @throws {DataError} `ERR_DATA_ROWS` if `batchSize` is not a whole number of 1 or more
 */
export function epochBatches(
  rows: Int32Array,
  batchSize: number,
  key: RandomKey | null,
): Int32Array[] {
  if (!Number.isSafeInteger(batchSize) || batchSize < 1) {
    throw new DataError(
      "ERR_DATA_ROWS",
      `the batch size is ${batchSize} but takes a whole number of 1 or more`,
    );
  }
  const order = key ? permutation(key, rows.length).map((i) => rows[i]!) : rows;
  const batches = Math.ceil(rows.length / batchSize);
  return Array.from({ length: batches }, (_, i) => order.slice(i * batchSize, (i + 1) * batchSize));
}

/**
 * How often an epoch has visited each row before, for its batches in their order: 0 but where rows repeat.
 *
 * @param rows how many there are, 0 … rows − 1
 */
export function earlierVisits(batches: readonly Int32Array[], rows: number): Int32Array[] {
  const visits = new Int32Array(rows);
  return batches.map((batch) => batch.map((row) => visits[row]!++));
}
