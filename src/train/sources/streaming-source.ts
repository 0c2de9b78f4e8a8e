import type { ImageChannels } from "../../node/data/images/decode-image.js";
import type { ImageFiles } from "../../data/image-files.js";
import { fixedShape } from "../../data/transforms/fixed-shape.js";
import { openImageCache } from "../../node/data/loader/image-cache.js";
import type { ImageWorkers } from "../../node/data/loader/image-workers.js";
import type { TransformList } from "../../data/transforms/transform.js";
import type { IngestAttrs } from "../../ops/ingest.js";
import type { BatchSource } from "./batch-source.js";
import { streamedSource } from "./streamed-source.js";

export interface StreamingOptions {
  /** What is done to the images of training and of evaluation. Each ends in one size; the two may differ. */
  readonly transforms: { readonly train: TransformList; readonly eval: TransformList };
  readonly normalise: IngestAttrs;
  readonly channels: ImageChannels;
  /** Directory in which decoded images are kept for later epochs and runs; none by default. */
  readonly cache?: string | undefined;
}

/**
 * Image files that are decoded and transformed while they are used: by threads of their own, ahead of the training, and
 * never more than a few batches of them in memory.
 *
 * @param workers closed by whoever made them; several sources may share them
 * @throws {DataError} `ERR_DATA_CACHE` if the cache cannot be written; `ERR_DATA_TRANSFORM` if images would end in different sizes; while batches are read, the codes of
 *   `loadImage`
 */
export function streamingSource(
  workers: ImageWorkers,
  images: ImageFiles,
  { transforms, normalise, channels, cache }: StreamingOptions,
): BatchSource {
  if (cache !== undefined) openImageCache(cache);
  const shapes = {
    train: fixedShape(transforms.train, channels),
    eval: fixedShape(transforms.eval, channels),
  };
  return streamedSource({
    labels: images.labels,
    shapes,
    normalise,
    load(row, key, signal) {
      const part = key ? "train" : "eval";
      const shape = shapes[part];
      const file = images.files[row]!;
      const task = { file, channels, transforms: transforms[part], key, shape, cache };
      return workers.load(task, signal);
    },
    onCopied: (image) => workers.reuse(image),
  });
}
