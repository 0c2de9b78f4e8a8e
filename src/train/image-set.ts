import { isInFiles, type LabelledImages } from "../data/image-files.js";
import {
  isRandom,
  transformSchema,
  type TransformInput,
  type TransformList,
} from "../data/transforms/transform.js";
import type { IngestAttrs } from "../ops/ingest.js";
import { dims4 } from "../tensor/shape.js";

/** Labelled images, and what is done to each on its way to the model. */
export interface ImageSet {
  readonly images: LabelledImages;
  /** First to last. Random ones are done in training only. */
  readonly transforms: TransformList;
  /** Mean and deviation of each channel, of pixels scaled to 0 … 1. */
  readonly normalize: IngestAttrs;
}

export interface ImageSetOptions {
  /** First to last, such as `{ type: "randomCrop", padding: 4 }`. Random ones are done in training only. Default: none. */
  readonly transforms?: readonly TransformInput[];
  /** Mean and deviation of each channel, of pixels scaled to 0 … 1. Default: 0 and 1, which is PyTorch's `ToTensor`. */
  readonly normalize?: IngestAttrs;
}

/**
 * Images with their transforms and normalization, as PyTorch's data sets have a `transform`.
 *
 *     const trainset = imageSet(train, { normalize: { mean: [0.5], std: [0.5] }, transforms: [{ type: "flip" }] });
 *
 * @throws {ZodError} if a transform is not one
 */
export const imageSet = (
  images: LabelledImages,
  { transforms = [], normalize = scaleOnly(images) }: ImageSetOptions = {},
): ImageSet => ({
  images,
  transforms: transforms.map((each) => transformSchema.parse(each)),
  normalize,
});

/** The transforms that evaluation keeps. */
export const fixedTransforms = ({ transforms }: ImageSet): TransformList =>
  transforms.filter((each) => !isRandom(each));

function scaleOnly(images: LabelledImages): IngestAttrs {
  const channels = isInFiles(images) ? 3 : dims4(images.images)[3];
  return { mean: Array(channels).fill(0) as number[], std: Array(channels).fill(1) as number[] };
}
