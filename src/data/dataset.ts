import { type HostArray, hostArray } from "../tensor/host-array.js";
import { describeValue } from "../tensor/check-options.js";
import { UsageError } from "../tensor/error.js";
import { DataError } from "./data-error.js";

/** Labelled images on the host, all of one size. */
export interface Dataset {
  /** The data set's name and split, for people: `fashion-mnist train`. */
  readonly name: string;
  /** `[rows, H, W, C]`, bytes 0 … 255. */
  readonly images: HostArray<"u8">;
  /** `[rows]`, class indices in `0 … classes.length − 1`. */
  readonly labels: HostArray<"i32">;
  /** Names of the classes; a label is an index into it. */
  readonly classes: readonly string[];
}

/** A data set as its authors divided it. */
export interface DatasetSplits {
  readonly train: Dataset;
  readonly test: Dataset;
}

/**
 * The rows of `dataset` that `rows` lists, in that order, as a data set of its own (copied).
 *
 * @param rows row indices; a row may be taken more than once
 * @throws {DataError} `ERR_DATA_ROWS` if an index lies outside the data set; names the index and the limit
 */
export function takeRows(dataset: Dataset, rows: ArrayLike<number>): Dataset {
  if (typeof rows !== "object" || rows === null || !Number.isSafeInteger(rows.length)) {
    throw new UsageError(
      "ERR_ARGUMENT",
      `the rows to take are ${describeValue(rows)}, but they must be an array of row indices`,
    );
  }
  if (typeof dataset?.name !== "string" || !dataset.images || !dataset.labels) {
    throw new UsageError(
      "ERR_ARGUMENT",
      `the data set to take rows of is ${describeValue(dataset)}, but it must be one of datasetOfArrays or loadDataset`,
    );
  }
  const { images, labels } = dataset;
  const [available = 0, ...imageShape] = images.shape;
  const imageLength = imageShape.reduce((product, size) => product * size, 1);
  const taken = new Uint8Array(rows.length * imageLength);
  const takenLabels = new Int32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (!Number.isInteger(row) || row < 0 || row >= available) {
      throw new DataError(
        "ERR_DATA_ROWS",
        `row ${row} was asked for but ${dataset.name} has rows 0 to ${available - 1}`,
      );
    }
    taken.set(images.data.subarray(row * imageLength, (row + 1) * imageLength), i * imageLength);
    takenLabels[i] = labels.data[row]!;
  }
  return {
    ...dataset,
    images: hostArray([rows.length, ...imageShape], taken, "u8"),
    labels: hostArray([rows.length], takenLabels, "i32"),
  };
}
