/**
 * Reader of CIFAR's binary version.
 *
 *     a file    records, one after the other, without a header
 *     a record  1 label (CIFAR-100: 2, the coarse and the fine), then an image's 3072 bytes
 *
 * Source: Krizhevsky, "The CIFAR-10 and CIFAR-100 datasets", "Binary version".
 */

import { checkLabels } from "./check-labels.js";
import { cifarImageBytes, type CifarPart } from "./cifar-part.js";
import { DataError } from "./data-error.js";

export interface CifarRecordFormat {
  /** Labels at the start of a record: 1 in CIFAR-10, 2 in CIFAR-100. */
  readonly labels: 1 | 2;
  /** Which of them is read, from 0. */
  readonly label: number;
  /** Number of classes that label has. */
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
