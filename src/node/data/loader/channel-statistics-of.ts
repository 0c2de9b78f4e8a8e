import { ChannelCounts, type ChannelStatistics } from "../../../data/channel-statistics.js";
import type { ImageChannels } from "../images/decode-image.js";
import { isInFiles, labelsOf, type LabelledImages } from "../../../data/labelled-images.js";
import { composeTransforms } from "../../../data/transforms/compose-transforms.js";
import type { ImageBytes } from "../../../data/transforms/image-bytes.js";
import type { TransformList } from "../../../data/transforms/transform.js";
import { ImageWorkers } from "./image-workers.js";
import { dims4 } from "../../../tensor/shape.js";

/** Images in the making at a time. */
const together = 64;

/**
 * Mean and deviation of the images as transforms that draw nothing leave them.
 *
 * @param channels of images in files
 * @param workerCount threads that decode files; undefined takes the default
 * @throws {DataError} the codes of `loadImage`
 */
export async function channelStatisticsOf(
  images: LabelledImages,
  transforms: TransformList,
  channels: ImageChannels,
  workerCount?: number,
): Promise<ChannelStatistics> {
  if (!isInFiles(images)) return countAll(images.labels.data.length, readerOf(images, transforms));
  const workers = new ImageWorkers(workerCount);
  try {
    return await countAll(labelsOf(images).length, (row) =>
      workers.load({ file: images.files[row]!, channels, transforms, key: null, shape: null }),
    );
  } finally {
    await workers.close();
  }
}

type ReadRow = (row: number) => ImageBytes | Promise<ImageBytes>;

function readerOf(
  { images }: Extract<LabelledImages, { images: unknown }>,
  list: TransformList,
): ReadRow {
  const [, height, width, channels] = dims4(images);
  const bytes = height * width * channels;
  const transform = composeTransforms(list);
  return (row) => {
    const data = images.data.subarray(row * bytes, (row + 1) * bytes);
    return transform({ height, width, channels, data }, null);
  };
}

async function countAll(rows: number, read: ReadRow): Promise<ChannelStatistics> {
  let counts: ChannelCounts | undefined;
  for (let start = 0; start < rows; start += together) {
    const count = Math.min(together, rows - start);
    const images = await Promise.all(
      Array.from({ length: count }, async (_, i) => read(start + i)),
    );
    for (const image of images) (counts ??= new ChannelCounts(image.channels)).add(image.data);
  }
  return counts?.statistics() ?? { mean: [], std: [] };
}
