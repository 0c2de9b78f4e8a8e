import type { RandomKey } from "../../tensor/random.js";
import { Draws, foldIn } from "./draws.js";
import type { ImageBytes, ImageShape } from "./image-bytes.js";
import { plainLoops, type PixelLoops } from "./pixel-loops.js";
import { rulesOf, type TransformList } from "./transform.js";

/**
 * Takes an image to what a list of transforms makes of it. The key is the sample's, `sampleKey(epochKey, row)`; null will
 * do where no transform is random.
 */
export type ImageTransform = (image: ImageBytes, key: RandomKey | null) => ImageBytes;

/**
 * One function out of a list of transforms.
 *
 * Transform i draws from the stream `foldIn(key, firstIndex + i)`, so that its draws depend neither on what the others
 * drew nor on where the list was cut (`splitTransforms`).
 *
 * @param firstIndex place of the list's first transform in the whole list that it was cut from
 * @param loops inner loops and memory; all give the same bytes
 * @throws {DataError} the returned function: `ERR_DATA_TRANSFORM` for an image that does not fit
 */
export const composeTransforms =
  (list: TransformList, firstIndex = 0, loops: PixelLoops = plainLoops): ImageTransform =>
  (image, key) =>
    list.reduce(
      (result, transform, i) =>
        rulesOf(transform).apply(
          result,
          transform,
          new Draws(key && foldIn(key, firstIndex + i)),
          loops,
        ),
      image,
    );

/** The shape that images get. @throws {DataError} `ERR_DATA_TRANSFORM` where a transform does not fit */
export const transformedShape = (list: TransformList, image: ImageShape): ImageShape =>
  list.reduce((shape, transform) => rulesOf(transform).shape?.(shape, transform) ?? shape, image);
