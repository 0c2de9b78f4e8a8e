import { folderParts } from "../data/images/folder-parts.js";
import type { ImageFolder } from "../data/images/image-folder.js";
import { readImagesOnDisk } from "../data/images/images-on-disk.js";
import { isOnDisk } from "../data/images/is-on-disk.js";
import { ImageWorkers } from "../data/loader/image-workers.js";
import { readableFiles } from "../data/loader/readable-files.js";
import type { LabelledImages } from "../data/labelled-images.js";
import { dividedRows, type PartSizes } from "../data/part-sizes.js";
import { splitRows } from "../data/split.js";
import { takeRows } from "../data/take-rows.js";
import { loadData } from "./load-data.js";
import type { DataFlags } from "./options.js";
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
  flags: DataFlags,
  output: Output,
): Promise<DataParts> {
  if (isOnDisk(data)) return folderParts(await readFolderImages(data, flags, output), sizes);
  const { train, test } = await loadData(data, flags.dataDir, output);
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

/** The images of a folder; where the user wants that, without the files that cannot be decoded, which are counted. */
export async function readFolderImages(
  folder: string,
  { onUnreadable, workers: count }: DataFlags,
  output: Output,
): Promise<ImageFolder> {
  const found = await readImagesOnDisk(folder);
  if (onUnreadable !== "skip") return found;
  const workers = new ImageWorkers(count);
  try {
    const train = await readableFiles(workers, found.train);
    const valid = found.valid && (await readableFiles(workers, found.valid));
    const test = found.test && (await readableFiles(workers, found.test));
    const findings = [train, valid, test].flatMap((part) => part?.findings ?? []);
    if (findings.length > 0) output.notice(describeSkipped(findings));
    return {
      ...found,
      train: train.images,
      valid: valid?.images ?? null,
      test: test?.images ?? null,
    };
  } finally {
    await workers.close();
  }
}

const mostFindings = 10;

function describeSkipped(findings: readonly string[]): string {
  const files = findings.length === 1 ? "1 image file is" : `${findings.length} image files are`;
  const more = findings.length > mostFindings ? [`and ${findings.length - mostFindings} more`] : [];
  const lines = [...findings.slice(0, mostFindings), ...more];
  return [`${files} left out:`, ...lines.map((line) => `  ${line}`)].join("\n");
}
