import { type PartSizes, dividedRows, folderParts } from "../../data/folder-parts.js";
import { isOnDisk } from "./images/images-on-disk.js";
import type { LabelledImages } from "../../data/image-files.js";
import { type LoadDatasetOptions, loadDataset } from "./load-dataset.js";
import { type ReadFolderOptions, readFolder } from "./loader/read-folder.js";
import { splitRows } from "../../data/split.js";
import { takeRows } from "../../data/dataset.js";

/** The images of a training, of its validation and of its test. */
export interface DataParts {
  readonly train: LabelledImages;
  readonly valid: LabelledImages;
  readonly test: LabelledImages;
}

export interface LoadPartsOptions extends LoadDatasetOptions, ReadFolderOptions {}

/**
 * Loads the images of a training, drawn with its seed: the same as `resnet train` uses for this configuration.
 *
 *     const parts = await loadParts(config.data, config);
 *
 * @param data a data set's name, a folder of photographs, or a CSV file that lists them
 * @throws {DataError} as `loadDataset`, `readFolder`; `ERR_DATA_ROWS` if there are fewer images than the sizes ask for
 */
export async function loadParts(
  data: string,
  sizes: PartSizes,
  options: LoadPartsOptions = {},
): Promise<DataParts> {
  if (isOnDisk(data)) return folderParts(await readFolder(data, options), sizes);
  const { train, test } = await loadDataset(data, options);
  const drawn = dividedRows(train.labels.data, sizes);
  const { testSize, validSize, seed } = sizes;
  const testPart =
    testSize === null
      ? test
      : takeRows(test, splitRows(test.labels.data.length, { test: testSize }, seed).test);
  return {
    train: takeRows(train, drawn.train),
    valid: validSize === 0 ? testPart : takeRows(train, drawn.valid),
    test: testPart,
  };
}
