import { dims4 } from "../tensor/shape.js";
import type { Dataset } from "./dataset.js";
import { composeTransforms } from "./transforms/compose-transforms.js";
import type { ImageBytes } from "./transforms/image-bytes.js";
import type { TransformList } from "./transforms/transform.js";

/** Mean and deviation of each channel, of pixels scaled to 0 … 1. */
export interface ChannelStatistics {
  readonly mean: number[];
  readonly std: number[];
}

/** Counts the bytes of each channel, image by image. The result is exact and does not depend on the order. */
export class ChannelCounts {
  private readonly counts: readonly Float64Array[];

  constructor(channels: number) {
    this.counts = Array.from({ length: channels }, () => new Float64Array(256));
  }

  /** @param bytes any number of pixels, channels innermost */
  add(bytes: Uint8Array): void {
    for (const [c, counts] of this.counts.entries())
      for (let i = c; i < bytes.length; i += this.counts.length) counts[bytes[i]!]!++;
  }

  /**
   * Mean and deviation of the counted pixels, to six digits; the deviation is PyTorch's `std(correction=0)`. A
   * channel whose pixels are all equal gets the deviation 1, so that normalizing it stays finite.
   */
  statistics(): ChannelStatistics {
    const each = this.counts.map((counts) => {
      const pixels = counts.reduce((sum, count) => sum + count, 0);
      const meanOf = (value: (byte: number) => number): number =>
        counts.reduce((sum, count, byte) => sum + (count / pixels) * value(byte), 0);
      const mean = meanOf((byte) => byte / 255);
      return { mean, std: Math.sqrt(meanOf((byte) => (byte / 255 - mean) ** 2)) };
    });
    const rounded = (value: number): number => Number(value.toFixed(6));
    return {
      mean: each.map(({ mean }) => rounded(mean)),
      std: each.map(({ std }) => rounded(std) || 1),
    };
  }
}

/** Images that are loaded at the same time. */
const together = 64;

type ReadRow = (row: number) => ImageBytes | Promise<ImageBytes>;

/** The statistics of a data set in memory, after transforms without random draws. */
export function datasetStatistics(
  { images, labels }: Dataset,
  list: TransformList,
): Promise<ChannelStatistics> {
  const [, height, width, channels] = dims4(images);
  const bytes = height * width * channels;
  const transform = composeTransforms(list);
  return channelStatistics(labels.data.length, (row) => {
    const data = images.data.subarray(row * bytes, (row + 1) * bytes);
    return transform({ height, width, channels, data }, null);
  });
}

/**
 * Mean and deviation of each channel over many images.
 *
 * @param read loads the image of a row
 */
export async function channelStatistics(rows: number, read: ReadRow): Promise<ChannelStatistics> {
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
