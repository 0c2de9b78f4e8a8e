import { hostArray } from "../tensor/host-array.js";
import { readCifarBinary, type CifarRecordFormat } from "./cifar-binary.js";
import type { Dataset, DatasetSplits } from "./dataset.js";
import { DataError } from "./data-error.js";

/** The files of each split, in their order, and the form of their records. */
export interface CifarBinaryForm extends Omit<CifarRecordFormat, "classes"> {
  readonly train: readonly string[];
  readonly test: readonly string[];
  readonly classes: readonly string[];
}

/**
 * Both splits of CIFAR-10 or CIFAR-100 out of the binary version's files.
 *
 * @param name the data set's name
 * @param contents the decompressed bytes of each file, by its name
 * @throws {DataError} whatever `readCifarBinary` finds; `ERR_DATA_NOT_FOUND` if a file is not in
 *   `contents`
 */
export function decodeCifarBinary(
  name: string,
  contents: ReadonlyMap<string, Uint8Array>,
  { train, test, classes, labels, label }: CifarBinaryForm,
): DatasetSplits {
  const format = { labels, label, classes: classes.length };
  const split = (splitName: string, files: readonly string[]): Dataset => {
    const parts = files.map((file) => {
      const bytes = contents.get(file);
      if (!bytes)
        throw new DataError("ERR_DATA_NOT_FOUND", `${name}: the file ${file} was not given`);
      return readCifarBinary(bytes, file, format);
    });
    const rows = parts.reduce((sum, part) => sum + part.labels.length, 0);
    const images = new Uint8Array(parts.reduce((sum, part) => sum + part.images.length, 0));
    const allLabels = new Int32Array(rows);
    let row = 0;
    for (const part of parts) {
      images.set(part.images, (images.length / rows) * row);
      allLabels.set(part.labels, row);
      row += part.labels.length;
    }
    return {
      name: `${name} ${splitName}`,
      images: hostArray([rows, 32, 32, 3], images, "u8"),
      labels: hostArray([rows], allLabels, "i32"),
      classes,
    };
  };
  return { train: split("train", train), test: split("test", test) };
}
