import { permutation, randomKey } from "../tensor/random.js";
import { DataError } from "./data-error.js";

/** Checks that there is one label for each image. @throws {DataError} `ERR_DATA_COUNT`, with both counts */
export function checkLabelCount(labels: ArrayLike<number>, where: string, images: number): void {
  if (labels.length === images) return;
  throw new DataError(
    "ERR_DATA_COUNT",
    `${where}: there are ${images} images but ${labels.length} labels`,
  );
}

/**
 * Checks that every label is the index of a class.
 *
 * @param where the file or array that the labels come from, for the error
 * @param classes number of classes
 * @param first the label of the first class
 * @throws {DataError} `ERR_DATA_LABEL` for the first that is not; names its row and the classes
 */
export function checkLabels(
  labels: ArrayLike<number>,
  where: string,
  classes: number,
  first = 0,
): void {
  const last = first + classes - 1;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (!(Number.isInteger(label) && label >= first && label <= last)) {
      throw new DataError(
        "ERR_DATA_LABEL",
        `${where}: the label of row ${row} is ${label} but the classes are ${first} to ${last}`,
      );
    }
  }
}

/** The number of labels of each class `0 … classes − 1`. */
export function countLabels(labels: ArrayLike<number>, classes: number): Int32Array {
  const counts = new Int32Array(classes);
  for (let row = 0; row < labels.length; row++) counts[labels[row]!]!++;
  return counts;
}

/**
 * The weight of a sample of each class that makes all classes count the same: `N / (K · rows of the class)`, where K
 * is the number of classes that have rows. A class without rows gets 1, which label smoothing uses.
 *
 * scikit-learn's `compute_class_weight("balanced", classes=np.unique(y), y=y)`.
 */
export function balancedClassWeights(labels: ArrayLike<number>, classes: number): number[] {
  const counts = countLabels(labels, classes);
  const present = counts.reduce((sum, count) => sum + Number(count > 0), 0);
  return Array.from(counts, (count) => (count > 0 ? labels.length / (present * count) : 1));
}

/**
 * The rows of one balanced epoch, class after class: as many rows in total as there are labels, in equal parts from
 * each class that has rows. The rows of a small class repeat equally often, give or take one; of a large class a
 * random selection is used, drawn anew for each epoch.
 */
export function balancedRows(labels: ArrayLike<number>, seed: number, epoch: number): Int32Array {
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const rows = rowsOf.get(labels[row]!);
    if (rows) rows.push(row);
    else rowsOf.set(labels[row]!, [row]);
  }
  const present = [...rowsOf].sort(([a], [b]) => a - b).map(([, rows]) => rows);
  const share = Math.floor(labels.length / present.length);
  const extra = labels.length - share * present.length;
  // The classes that get one row more are drawn too, so that they change between epochs.
  const order = permutation(randomKey(seed, "balance", epoch), present.length);
  const balanced: number[] = [];
  for (const [place, which] of order.entries()) {
    const rows = present[which]!;
    const quota = share + Number(place < extra);
    const drawn = permutation(randomKey(seed, "balance", epoch, which), rows.length);
    for (let i = 0; i < quota; i++) balanced.push(rows[drawn[i % rows.length]!]!);
  }
  return Int32Array.from(balanced);
}
