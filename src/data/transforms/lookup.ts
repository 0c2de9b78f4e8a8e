/** Operations that look each byte up in a table of its channel, as Pillow's `ImageOps` computes the tables. */

import type { ImageBytes } from "./image-bytes.js";

/** Replaces every byte of channel c by `table(c)[byte]`, clamped to a byte. */
export function mapBytes(
  image: ImageBytes,
  table: (channel: number) => ArrayLike<number>,
): ImageBytes {
  const { channels, data } = image;
  const tables = Array.from({ length: channels }, (_, c) => Uint8ClampedArray.from(table(c)));
  const result = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) result[i] = tables[i % channels]![data[i]!]!;
  return { ...image, data: result };
}

/** Replaces every byte by `value(byte)`, clamped to a byte. */
export function mapEachByte(image: ImageBytes, value: (byte: number) => number): ImageBytes {
  const table = Array.from({ length: 256 }, (_, byte) => value(byte));
  return mapBytes(image, () => table);
}

/** Keeps the upper bits of each byte. Pillow's `ImageOps.posterize`. */
export const posterize = (image: ImageBytes, bits: number): ImageBytes =>
  mapEachByte(image, (byte) => byte & (0xff << (8 - bits)));

/** Inverts the bytes from `threshold` on. Pillow's `ImageOps.solarize`. */
export const solarize = (image: ImageBytes, threshold: number): ImageBytes =>
  mapEachByte(image, (byte) => (byte < threshold ? byte : 255 - byte));

/** Stretches each channel so that its darkest byte is 0 and its lightest 255. Pillow's `ImageOps.autocontrast`. */
export const autoContrast = (image: ImageBytes): ImageBytes =>
  mapBytes(image, (channel) => {
    const histogram = histogramOf(image, channel);
    const low = histogram.findIndex((count) => count > 0);
    const high = histogram.findLastIndex((count) => count > 0);
    if (high <= low) return identity;
    const scale = 255 / (high - low);
    const offset = -low * scale;
    return identity.map((byte) => Math.trunc(byte * scale + offset));
  });

/** Spreads the bytes of each channel evenly. Pillow's `ImageOps.equalize`. */
export const equalize = (image: ImageBytes): ImageBytes =>
  mapBytes(image, (channel) => {
    const histogram = histogramOf(image, channel);
    const occurring = histogram.filter((count) => count > 0);
    const pixels = image.height * image.width;
    const step = Math.floor((pixels - occurring.at(-1)!) / 255);
    if (occurring.length <= 1 || step === 0) return identity;
    let below = Math.floor(step / 2);
    return histogram.map((count) => {
      const value = Math.floor(below / step);
      below += count;
      return value;
    });
  });

const identity = Array.from({ length: 256 }, (_, byte) => byte);

function histogramOf({ channels, data }: ImageBytes, channel: number): number[] {
  const counts = new Array<number>(256).fill(0);
  for (let i = channel; i < data.length; i += channels) counts[data[i]!]!++;
  return counts;
}
