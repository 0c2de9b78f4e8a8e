import type { RandomKey } from "../../tensor/random.js";
import { Draws, foldIn } from "./draws.js";
import type { ImageBytes, ImageSize } from "./image-bytes.js";
import { rulesOf, type Transform, type TransformList } from "./transform.js";

/** Takes an image to what a list of transforms makes of it. The key is the sample's: `sampleKey(seed, epoch, row)`. */
export type ImageTransform = (image: ImageBytes, key: RandomKey) => ImageBytes;

/**
 * One function out of a list of transforms.
 *
 * Transform i draws from the stream `foldIn(key, firstIndex + i)`, so that its draws depend neither on what the others
 * drew nor on where the list was cut (`splitTransforms`).
 *
 * @param firstIndex place of the list's first transform in the whole list that it was cut from
 * @throws {DataError} the returned function: `ERR_DATA_TRANSFORM` for an image that does not fit
 */
export const composeTransforms =
  (list: TransformList, firstIndex = 0): ImageTransform =>
  (image, key) =>
    list.reduce(
      (result, transform, i) =>
        rulesOf(transform).apply(result, transform, new Draws(foldIn(key, firstIndex + i))),
      image,
    );

/** The size that images of a size get. @throws {DataError} `ERR_DATA_TRANSFORM` where a transform does not fit */
export const transformedSize = (list: TransformList, image: ImageSize): ImageSize =>
  list.reduce((size, transform: Transform) => rulesOf(transform).size(transform, size), image);
