import { NumpyArray, numpyGlobals } from "../pickle/numpy.js";
import { PickleDict } from "../pickle/pickle-dict.js";
import { unpickle } from "../pickle/unpickle.js";
import { hostArray } from "../tensor/host-array.js";
import { DataError } from "./data-error.js";
import type { Dataset } from "./dataset.js";
import { checkLabels } from "./labels.js";

const planeBytes = 32 * 32;
/** Bytes of one image: 1024 red, 1024 green, 1024 blue; each 32 x 32, row after row. */
export const cifarImageBytes = 3 * planeBytes;

/** The content of one of CIFAR's files, in either form. */
export interface CifarPart {
  /** `[rows]`. */
  readonly labels: Int32Array;
  /** Holds the images, each of `cifarImageBytes` bytes. */
  readonly bytes: Uint8Array;
  /** Where the first image starts, and how many bytes lie from one image to the next. */
  readonly start: number;
  readonly stride: number;
}

/** The parts, one after the other, as a data set: images `[rows, 32, 32, 3]`, channels innermost. */
export function joinCifarParts(
  name: string,
  parts: readonly CifarPart[],
  classes: readonly string[],
): Dataset {
  const rows = parts.reduce((sum, { labels }) => sum + labels.length, 0);
  const images = new Uint8Array(rows * cifarImageBytes);
  const allLabels = new Int32Array(rows);
  let row = 0;
  for (const { labels, bytes, start, stride } of parts) {
    allLabels.set(labels, row);
    for (let i = 0; i < labels.length; i++) {
      interleave(bytes, start + i * stride, images, (row + i) * cifarImageBytes);
    }
    row += labels.length;
  }
  return {
    name,
    images: hostArray([rows, 32, 32, 3], images, "u8"),
    labels: hostArray([rows], allLabels, "i32"),
    classes,
  };
}

/** Writes one image of three planes at `from` to `images` at `to`, channels innermost. */
function interleave(planes: Uint8Array, from: number, images: Uint8Array, to: number): void {
  for (let pixel = 0; pixel < planeBytes; pixel++) {
    images[to + 3 * pixel] = planes[from + pixel]!;
    images[to + 3 * pixel + 1] = planes[from + planeBytes + pixel]!;
    images[to + 3 * pixel + 2] = planes[from + 2 * planeBytes + pixel]!;
  }
}

/**
 * Reader of CIFAR's binary version.
 *
 *     a file    records, one after the other, without a header
 *     a record  1 label (CIFAR-100: 2, the coarse and the fine), then an image's 3072 bytes
 *
 * Source: Krizhevsky, "The CIFAR-10 and CIFAR-100 datasets", "Binary version".
 */

export interface CifarRecordFormat {
  /** Labels at the start of a record: 1 in CIFAR-10, 2 in CIFAR-100. */
  readonly labels: 1 | 2;
  /** Index of the label that is read, from 0. */
  readonly label: number;
  /** Number of classes of that label. */
  readonly classes: number;
}

/**
 * The images and labels of one file.
 *
 * @param bytes the decompressed file
 * @param file its name, for the error
 * @throws {DataError} `ERR_DATA_FORMAT` if the length is not a whole number of records;
 *   `ERR_DATA_LABEL` if a label is `classes` or more, naming the row and the label
 */
export function readCifarBinary(
  bytes: Uint8Array,
  file: string,
  { labels: labelBytes, label, classes }: CifarRecordFormat,
): CifarPart {
  const recordBytes = labelBytes + cifarImageBytes;
  if (bytes.length === 0 || bytes.length % recordBytes !== 0) {
    throw new DataError(
      "ERR_DATA_FORMAT",
      `${file}: the file has ${bytes.length} bytes but takes a whole number of records of` +
        ` ${recordBytes}`,
    );
  }
  const rows = bytes.length / recordBytes;
  const labels = Int32Array.from({ length: rows }, (_, row) => bytes[row * recordBytes + label]!);
  checkLabels(labels, file, classes);
  return { labels, bytes, start: labelBytes, stride: recordBytes };
}

/**
 * Reader of CIFAR's Python version: each file the pickle of a dict.
 *
 *     data          uint8 [rows, 3072], an image a row
 *     labels        list of int; in CIFAR-100 fine_labels and coarse_labels
 *
 * Source: Krizhevsky, "The CIFAR-10 and CIFAR-100 datasets", "Python / Matlab versions". Written with Python 2.
 */

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
 * @throws {PickleError} if it is not a pickle, or names a type that is not allowed
 * @throws {DataError} `ERR_DATA_FORMAT` if the pickle has another structure; `ERR_DATA_COUNT` if the numbers of
 *   labels and images differ; `ERR_DATA_LABEL` if a label is not a class, naming the row and the label
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
