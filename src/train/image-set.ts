import { z } from "zod";
import { parseSettings } from "../data/parse-settings.js";
import { checkOptions } from "../tensor/check-options.js";
import { UsageError } from "../tensor/error.js";
import { isInFiles, type LabelledImages } from "../data/image-files.js";
import {
  isRandom,
  transformSchema,
  type TransformInput,
  type TransformList,
} from "../data/transforms/transform.js";
import type { IngestAttrs } from "../ops/ingest.js";
import { dims4 } from "../tensor/shape.js";

/** Labelled images with their transforms and normalization. */
export interface ImageSet {
  readonly images: LabelledImages;
  /** First to last. Random ones are done in training only. */
  readonly transforms: TransformList;
  /** Mean and deviation of each channel, of pixels scaled to 0 … 1. */
  readonly normalize: IngestAttrs;
}

export interface ImageSetOptions {
  /**
   * First to last, such as `{ type: "randomCrop", padding: 4 }`. Random ones are done in training only. Default:
   * none.
   */
  readonly transforms?: readonly TransformInput[];
  /** Mean and deviation of each channel, of pixels scaled to 0 … 1. Default: 0 and 1, which is PyTorch's `ToTensor`. */
  readonly normalize?: IngestAttrs;
}

/**
 * Images with their transforms and normalization, as PyTorch's data sets have a `transform`.
 *
 *     const trainset = imageSet(train, { normalize: { mean: [0.5], std: [0.5] }, transforms: [{ type: "flip" }] });
 *
 * @throws {ResnetError} `ERR_ARGUMENT` for an option that does not exist, or if there is not one mean and deviation a
 *   channel; `ERR_CONFIG` if a transform is not one
 */
export function imageSet(images: LabelledImages, options: ImageSetOptions = {}): ImageSet {
  checkOptions("imageSet", options, ["transforms", "normalize"]);
  const { transforms = [], normalize = scaleOnly(images) } = options;
  const { mean, std } = normalize;
  const channels = isInFiles(images) ? mean.length : scaleOnly(images).mean.length;
  if (mean?.length !== channels || std?.length !== channels) {
    throw new UsageError(
      "ERR_ARGUMENT",
      `imageSet: normalize has ${mean?.length ?? "no"} means and ${std?.length ?? "no"} deviations, ` +
        `but the images have ${channels} channels: give one of each for every channel`,
    );
  }
  return {
    images,
    transforms: parseSettings(z.array(transformSchema), transforms, "the list of transforms"),
    normalize,
  };
}

/** The transforms that evaluation keeps. */
export const fixedTransforms = ({ transforms }: ImageSet): TransformList =>
  transforms.filter((each) => !isRandom(each));

function scaleOnly(images: LabelledImages): IngestAttrs {
  const channels = isInFiles(images) ? 3 : dims4(images.images)[3];
  return { mean: Array(channels).fill(0) as number[], std: Array(channels).fill(1) as number[] };
}
