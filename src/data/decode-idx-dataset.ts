import type { Dataset, DatasetSplits } from "./dataset.js";
import { DataError } from "./data-error.js";
import { readIdxImages, readIdxLabels } from "./idx.js";

/**
 * Both splits of a data set that is published as MNIST was: four IDX files of fixed names.
 *
 * @param name the data set's name
 * @param contents the decompressed bytes of each file, by its name
 * @throws {DataError} whatever `readIdxImages` and `readIdxLabels` find; `ERR_DATA_COUNT` if a
 *   split has not as many labels as images; `ERR_DATA_NOT_FOUND` if one of the four is not in `contents`
 */
export function decodeIdxDataset(
  name: string,
  contents: ReadonlyMap<string, Uint8Array>,
  classes: readonly string[],
): DatasetSplits {
  const read = (file: string): Uint8Array => {
    const bytes = contents.get(file);
    if (!bytes)
      throw new DataError("ERR_DATA_NOT_FOUND", `${name}: the file ${file} was not given`);
    return bytes;
  };
  const split = (splitName: string, prefix: string): Dataset => {
    const imagesFile = `${prefix}-images-idx3-ubyte`;
    const labelsFile = `${prefix}-labels-idx1-ubyte`;
    const images = readIdxImages(read(imagesFile), imagesFile);
    const labels = readIdxLabels(read(labelsFile), labelsFile, classes.length);
    if (images.shape[0] !== labels.shape[0]) {
      throw new DataError(
        "ERR_DATA_COUNT",
        `${labelsFile}: the file has ${labels.shape[0]} labels but ${imagesFile} has` +
          ` ${images.shape[0]} images`,
      );
    }
    return { name: `${name} ${splitName}`, images, labels, classes };
  };
  return { train: split("train", "train"), test: split("test", "t10k") };
}
