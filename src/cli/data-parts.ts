import { folderParts } from "../data/images/folder-parts.js";
import { readImageFolder } from "../data/images/image-folder.js";
import { isOnDisk } from "../data/images/is-on-disk.js";
import type { LabelledImages } from "../data/labelled-images.js";
import { dividedSizes, type PartSizes } from "../data/part-sizes.js";
import { splitRows } from "../data/split.js";
import { takeRows } from "../data/take-rows.js";
import { loadData } from "./load-data.js";
import type { Output } from "./output.js";

export interface DataParts {
  readonly train: LabelledImages;
  readonly valid: LabelledImages;
  readonly test: LabelledImages;
}

/**
 * The images that a training uses, drawn with its seed.
 *
 * @param data a data set's name, or a folder of photographs
 */
export async function loadParts(
  data: string,
  sizes: PartSizes,
  dataDir: string | undefined,
  output: Output,
): Promise<DataParts> {
  if (isOnDisk(data)) return folderParts(await readImageFolder(data), sizes);
  const { train, test } = await loadData(data, dataDir, output);
  const rows = train.labels.data.length;
  const drawn = splitRows(rows, dividedSizes(rows, sizes), sizes.seed);
  const { testSize, seed } = sizes;
  return {
    train: takeRows(train, drawn.train),
    valid: takeRows(train, drawn.valid),
    test:
      testSize === null
        ? test
        : takeRows(test, splitRows(test.labels.data.length, { test: testSize }, seed).test),
  };
}
