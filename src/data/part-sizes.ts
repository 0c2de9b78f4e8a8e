import { splitRows } from "./split.js";

/** Images that a training takes of each part, drawn with the seed; null takes all there are. */
export interface PartSizes {
  readonly trainSize: number | null;
  /** Where the data has no validation images of its own, they come out of the training images: null takes a fifth; 0 takes the test images instead. */
  readonly validSize: number | null;
  readonly testSize: number | null;
  readonly seed: number;
  /** Whether training and validation images that are drawn from the same have the classes in its proportions. */
  readonly stratify?: boolean | undefined;
}

const validShare = 0.2;

/** Sizes of the training and the validation images that come out of `rows` training images. */
function dividedSizes(
  rows: number,
  { trainSize, validSize }: PartSizes,
): { readonly train: number; readonly valid: number } {
  const valid = validSize ?? Math.max(1, Math.round(validShare * rows));
  return { train: trainSize ?? Math.max(0, rows - valid), valid };
}

/** The rows of training and validation images that come out of the images with these labels. */
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
