/**
 * Reader of CIFAR's binary version.
 *
 *     a file    records, one after the other, without a header
 *     a record  1 label (CIFAR-100: 2, the coarse and the fine), then 3072 pixels
 *     pixels    1024 red, 1024 green, 1024 blue; each 32 x 32, row after row
 *
 * Source: Krizhevsky, "The CIFAR-10 and CIFAR-100 datasets", "Binary version".
 */

import { checkLabels } from "./check-labels.js";
import { DataError } from "./data-error.js";

/** Bytes of one image: three planes of 32 x 32. */
export const cifarImageBytes = 3 * 32 * 32;
const planeBytes = 32 * 32;

export interface CifarRecords {
  /** `[rows, 32, 32, 3]`, channels innermost. */
  readonly images: Uint8Array;
  /** `[rows]`. */
  readonly labels: Int32Array;
}

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
): CifarRecords {
  const recordBytes = labelBytes + cifarImageBytes;
  if (bytes.length === 0 || bytes.length % recordBytes !== 0) {
    throw new DataError(
      "ERR_DATA_FORMAT",
      `${file}: the file has ${bytes.length} bytes but takes a whole number of records of` +
        ` ${recordBytes}`,
    );
  }
  const rows = bytes.length / recordBytes;
  const images = new Uint8Array(rows * cifarImageBytes);
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const record = row * recordBytes;
    labels[row] = bytes[record + label]!;
    interleave(bytes, record + labelBytes, images, row * cifarImageBytes);
  }
  checkLabels(labels, file, classes);
  return { images, labels };
}

/** Writes one image of three planes at `from` to `images` at `to`, channels innermost. */
export function interleave(planes: Uint8Array, from: number, images: Uint8Array, to: number): void {
  for (let pixel = 0; pixel < planeBytes; pixel++) {
    images[to + 3 * pixel] = planes[from + pixel]!;
    images[to + 3 * pixel + 1] = planes[from + planeBytes + pixel]!;
    images[to + 3 * pixel + 2] = planes[from + 2 * planeBytes + pixel]!;
  }
}
