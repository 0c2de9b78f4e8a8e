import { DataError } from "./data-error.js";
import { type ImageFiles, takeFiles } from "./image-files.js";
import { type ImageFolder, type ImageParts, withTraining } from "./image-parts.js";
import { splitRows } from "./split.js";

interface FolderParts {
  readonly train: ImageFiles;
  readonly valid: ImageFiles;
  readonly test: ImageFiles;
}

/**
 * The parts of a folder that a training uses. Without validation images, some of the training images are held out;
 * without test images, the validation images are the test images too. With a `validSize` of 0 the test images
 * validate.
 *
 * @throws {DataError} `ERR_DATA_FOLDER` if there are no training images; `ERR_DATA_ROWS` if a part has fewer
 *   images than its size asks for, or no images are left to validate on
 */
export function folderParts(parts: ImageParts, sizes: PartSizes): FolderParts {
  const folder = withTraining(parts);
  const { trainSize, validSize, testSize, seed } = sizes;
  if (validSize === 0) return validatedByTest(folder, sizes);
  const { train, valid } = folder.valid
    ? { train: draw(folder.train, trainSize, seed), valid: draw(folder.valid, validSize, seed) }
    : divide(folder.train, sizes);
  return { train, valid, test: folder.test ? draw(folder.test, testSize, seed) : valid };
}

function validatedByTest(folder: ImageFolder, sizes: PartSizes): FolderParts {
  const held = folder.test ?? folder.valid;
  if (!held) {
    throw new DataError(
      "ERR_DATA_ROWS",
      "no validation images are to be held out of the training images (validSize is 0), and the folder has neither " +
        "test/ nor val/ to validate by: add one of them, or choose another number",
    );
  }
  const test = draw(held, sizes.testSize, sizes.seed);
  return { train: divide(folder.train, sizes).train, valid: test, test };
}

const draw = (images: ImageFiles, size: number | null, seed: number): ImageFiles =>
  size === null || size === images.files.length
    ? images
    : takeFiles(images, splitRows(images.files.length, { drawn: size }, seed).drawn);

function divide(images: ImageFiles, sizes: PartSizes): Pick<FolderParts, "train" | "valid"> {
  const parts = dividedRows(images.labels, sizes);
  return { train: takeFiles(images, parts.train), valid: takeFiles(images, parts.valid) };
}

/** The number of images that a training uses of each part, drawn with the seed; null uses all. */
export interface PartSizes {
  readonly trainSize: number | null;
  /**
   * If the data has no validation images, they are held out of the training images: null holds out a fifth, 0 none
   * (the test images validate).
   */
  readonly validSize: number | null;
  readonly testSize: number | null;
  readonly seed: number;
  /** Whether training and validation images that are drawn from one set have its proportions of classes. */
  readonly stratify?: boolean | undefined;
}

const validFraction = 0.2;

/** The numbers of training and validation images if both come from `rows` images. */
function dividedSizes(
  rows: number,
  { trainSize, validSize }: PartSizes,
): { readonly train: number; readonly valid: number } {
  const valid = validSize ?? Math.max(1, Math.round(validFraction * rows));
  return { train: trainSize ?? Math.max(0, rows - valid), valid };
}

/** The rows of training and validation images, if both come from the images with these labels. */
export const dividedRows = (
  labels: Int32Array,
  sizes: PartSizes,
): { readonly train: Int32Array; readonly valid: Int32Array } =>
  splitRows(
    labels.length,
    dividedSizes(labels.length, sizes),
    sizes.seed,
    sizes.stratify ? { stratifyBy: labels } : {},
  );
