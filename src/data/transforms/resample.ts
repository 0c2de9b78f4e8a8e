/**
 * Resizing with antialiasing, byte for byte as Pillow's `Image.resize` does it: one pass over the rows and one over
 * the columns, each a weighted sum with fixed-point weights, rounded to bytes.
 *
 * When an image shrinks, the filter grows with it, so that every pixel counts. Source of the numbers: Pillow's
 * `Resample.c`; the bicubic is Keys 1981, "Cubic convolution interpolation for digital image processing", with a =
 * −1/2.
 */

import type { ImageBytes, ImageSize } from "./image-bytes.js";
import { plainLoops, weightBits, type PixelLoops, type Taps } from "./pixel-loops.js";

export type Interpolation = "bilinear" | "bicubic";

interface Filter {
  /** The filter is zero beyond this distance, in pixels. */
  readonly support: number;
  weight(distance: number): number;
}

const filters: Readonly<Record<Interpolation, Filter>> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    weight(distance) {
      const x = Math.abs(distance);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
    },
  },
};

/** Resizes an image. Returns the same object if the image already has that size. */
export function resample(
  image: ImageBytes,
  { height, width }: ImageSize,
  interpolation: Interpolation,
  loops: PixelLoops = plainLoops,
): ImageBytes {
  const filter = filters[interpolation];
  // Pillow takes the columns of a very tall image first, to save work; the bytes between the passes differ.
  const columnsFirst = image.height > 100 * image.width && height < image.height;
  return columnsFirst
    ? resampleRows(resampleColumns(image, height, filter, loops), width, filter, loops)
    : resampleColumns(resampleRows(image, width, filter, loops), height, filter, loops);
}

function tapsOf(from: number, to: number, { support, weight }: Filter): Taps {
  const scale = from / to;
  const filterScale = Math.max(scale, 1);
  const reach = support * filterScale;
  const stride = Math.ceil(reach) * 2 + 1;
  const start = new Int32Array(to);
  const count = new Int32Array(to);
  const weights = new Int32Array(to * stride);
  const exact = new Float64Array(stride);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const taps = Math.min(from, Math.trunc(center + reach + 0.5)) - first;
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      exact[k] = weight((first + k - center + 0.5) * (1 / filterScale));
      sum += exact[k]!;
    }
    for (let k = 0; k < taps; k++) {
      const scaled = (exact[k]! / sum) * 2 ** weightBits;
      weights[i * stride + k] = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    start[i] = first;
    count[i] = taps;
  }
  return { start, count, weights, stride };
}

function resampleRows(
  image: ImageBytes,
  width: number,
  filter: Filter,
  loops: PixelLoops,
): ImageBytes {
  if (width === image.width) return image;
  const { height, channels, data } = image;
  const result = loops.blank({ height, width, channels });
  loops.resampleAxis(data, result.data, height, channels, tapsOf(image.width, width, filter));
  return result;
}

function resampleColumns(
  image: ImageBytes,
  height: number,
  filter: Filter,
  loops: PixelLoops,
): ImageBytes {
  if (height === image.height) return image;
  const { width, channels, data } = image;
  const result = loops.blank({ height, width, channels });
  loops.resampleAxis(data, result.data, 1, width * channels, tapsOf(image.height, height, filter));
  return result;
}
