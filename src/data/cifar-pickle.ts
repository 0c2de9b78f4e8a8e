/**
 * Reader of CIFAR's Python version: each file the pickle of a dict.
 *
 *     data          uint8 [rows, 3072], an image a row
 *     labels        list of int; in CIFAR-100 fine_labels and coarse_labels
 *
 * Source: Krizhevsky, "The CIFAR-10 and CIFAR-100 datasets", "Python / Matlab versions". Written with Python 2.
 */

import { numpyGlobals, NumpyArray } from "../pickle/numpy.js";
import { PickleDict } from "../pickle/pickle-dict.js";
import { unpickle } from "../pickle/unpickle.js";
import { checkLabels } from "./check-labels.js";
import { cifarImageBytes, type CifarPart } from "./cifar-part.js";
import { DataError } from "./data-error.js";

export interface CifarPickleFormat {
  /** The key of the labels. */
  readonly labels: "labels" | "fine_labels" | "coarse_labels";
  /** Number of classes they have. */
  readonly classes: number;
}

/**
 * The images and labels of one file.
 *
 * @param bytes the file
 * @param file its name, for the error
 * @throws {PickleError} if it is not a pickle, or holds more than data
 * @throws {DataError} `ERR_DATA_FORMAT` if the pickle is not as above; `ERR_DATA_COUNT` if the numbers of labels and
 *   images differ; `ERR_DATA_LABEL` if a label is not a class, naming the row and the label
 */
export function readCifarPickle(
  bytes: Uint8Array,
  file: string,
  { labels: key, classes }: CifarPickleFormat,
): CifarPart {
  const { value } = unpickle(bytes, { globals: numpyGlobals, file });
  const entry = (name: string): unknown =>
    value instanceof PickleDict ? value.get(name) : undefined;
  const data = entry("data");
  const isImages =
    data instanceof NumpyArray &&
    data.data instanceof Uint8Array &&
    data.shape.length === 2 &&
    data.shape[0]! > 0 &&
    data.shape[1] === cifarImageBytes;
  if (!isImages) {
    const finding =
      data instanceof NumpyArray ? `${data.dtype} [${data.shape.join(", ")}]` : "none";
    throw new DataError(
      "ERR_DATA_FORMAT",
      `${file}: a file of CIFAR has an array 'data', uint8 [rows, ${cifarImageBytes}], but this one` +
        ` has ${finding}`,
    );
  }
  const labels = entry(key);
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === "number")) {
    throw new DataError("ERR_DATA_FORMAT", `${file}: the pickle has no list of numbers '${key}'`);
  }
  if (labels.length !== data.shape[0]) {
    throw new DataError(
      "ERR_DATA_COUNT",
      `${file}: the file has ${labels.length} labels but ${data.shape[0]} images`,
    );
  }
  checkLabels(labels, file, classes);
  return {
    labels: Int32Array.from(labels),
    bytes: data.data as Uint8Array,
    start: 0,
    stride: cifarImageBytes,
  };
}
