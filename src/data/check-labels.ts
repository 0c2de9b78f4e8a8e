import { DataError } from "./data-error.js";

/** Makes sure that every image has a label. @throws {DataError} `ERR_DATA_COUNT`, with both counts */
export function checkLabelCount(labels: ArrayLike<number>, where: string, images: number): void {
  if (labels.length === images) return;
  throw new DataError(
    "ERR_DATA_COUNT",
    `${where}: there are ${images} images but ${labels.length} labels`,
  );
}

/**
 * Makes sure that every label names a class.
 *
 * @param where the file or array that the labels come from, for the error
 * @param classes number of classes
 * @param first the label of the first class
 * @throws {DataError} `ERR_DATA_LABEL` for the first that does not; names its row and the classes
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
