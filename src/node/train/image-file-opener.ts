import { channelStatistics } from "../../data/channel-statistics.js";
import type { ImageFiles } from "../../data/image-files.js";
import { fixedShape } from "../../data/transforms/compose-transforms.js";
import type { TransformList } from "../../data/transforms/transform.js";
import type { IngestAttrs } from "../../ops/ingest.js";
import type { BatchSource } from "../../train/sources/batch-source.js";
import type { FileOpener } from "../../train/sources/image-sources.js";
import { streamedSource } from "../../train/sources/streamed-source.js";
import type { ImageChannels } from "../data/images/decode-image.js";
import { openImageCache } from "../data/loader/image-cache.js";
import { ImageWorkers } from "../data/loader/image-workers.js";

/** How image files are read. */
export interface FileReading {
  /** Threads that decode. Default: half of the cores, at most 8. */
  readonly workers?: number | undefined;
  /** Directory in which decoded images are kept for later epochs and runs. Default: none are kept. */
  readonly cache?: string | undefined;
}

/** Opens image files, which threads of their own decode. The threads start with the first file and end with `close`. */
export function imageFileOpener({ workers: count, cache }: FileReading = {}): FileOpener {
  let workers: ImageWorkers | undefined;
  const start = (): ImageWorkers => (workers ??= new ImageWorkers(count));
  return {
    open: (images, options) => streamingSource(start(), images, { ...options, cache }),
    statistics: (images, transforms, channels) =>
      channelStatistics(images.files.length, (row) =>
        start().load({ file: images.files[row]!, channels, transforms, key: null, shape: null }),
      ),
    async close() {
      await workers?.close();
      workers = undefined;
    },
  };
}

export interface StreamingOptions {
  /** The transforms of training and evaluation images. Each list ends in one size; the two sizes may differ. */
  readonly transforms: { readonly train: TransformList; readonly eval: TransformList };
  readonly normalize: IngestAttrs;
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
  { transforms, normalize, channels, cache }: StreamingOptions,
): BatchSource {
  if (cache !== undefined) openImageCache(cache);
  const shapes = {
    train: fixedShape(transforms.train, channels),
    eval: fixedShape(transforms.eval, channels),
  };
  return streamedSource({
    labels: images.labels,
    shapes,
    normalize,
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
