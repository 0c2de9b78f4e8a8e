/**
 * Resizing with antialiasing, byte for byte as Pillow's `Image.resize` does it: one pass over the rows and one over the
 * columns, each a weighted sum with weights in fixed point, rounded to bytes in between.
 *
 * When an image shrinks, the filter grows with it, so that every pixel counts. Source of the numbers: Pillow's
 * `Resample.c`; the bicubic is Keys 1981, "Cubic convolution interpolation for digital image processing", with a = −1/2.
 */

import { blankImage, type ImageBytes, type ImageSize } from "./image-bytes.js";

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

/** A sum of bytes times weights has to fit 32 bits: 8 for the byte, 2 for what a bicubic overshoots. */
const weightBits = 22;
const half = 1 << (weightBits - 1);

/** Which input pixels make each output pixel of one axis. */
interface Taps {
  /** First input pixel of each output pixel. */
  readonly start: Int32Array;
  /** Input pixels of each output pixel. */
  readonly count: Int32Array;
  /** Weights in units of 2^−22, `stride` for each output pixel. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/** The image at another size; the same image where that is its size. */
export function resample(
  image: ImageBytes,
  { height, width }: ImageSize,
  interpolation: Interpolation,
): ImageBytes {
  const filter = filters[interpolation];
  // Pillow takes the columns of a very tall image first, to save work; the bytes between the passes differ.
  const columnsFirst = image.height > 100 * image.width && height < image.height;
  return columnsFirst
    ? resampleRows(resampleColumns(image, height, filter), width, filter)
    : resampleColumns(resampleRows(image, width, filter), height, filter);
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

const toByte = (sum: number): number => {
  const value = sum >> weightBits;
  return value < 0 ? 0 : value > 255 ? 255 : value;
};

function resampleRows(image: ImageBytes, width: number, filter: Filter): ImageBytes {
  if (width === image.width) return image;
  const { height, channels, data } = image;
  const { start, count, weights, stride } = tapsOf(image.width, width, filter);
  const result = blankImage({ height, width, channels });
  const pixels = result.data;
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const first = (y * image.width + start[x]!) * channels;
      const end = x * stride + count[x]!;
      if (channels === 3) {
        // Written out: all three colours in one walk over the taps.
        let red = half;
        let green = half;
        let blue = half;
        for (let t = x * stride, i = first; t < end; t++, i += 3) {
          const weight = weights[t]!;
          red = (red + Math.imul(data[i]!, weight)) | 0;
          green = (green + Math.imul(data[i + 1]!, weight)) | 0;
          blue = (blue + Math.imul(data[i + 2]!, weight)) | 0;
        }
        pixels[to] = toByte(red);
        pixels[to + 1] = toByte(green);
        pixels[to + 2] = toByte(blue);
        to += 3;
        continue;
      }
      for (let c = 0; c < channels; c++) {
        let sum = half;
        for (let t = x * stride, i = first + c; t < end; t++, i += channels)
          sum = (sum + Math.imul(data[i]!, weights[t]!)) | 0;
        pixels[to++] = toByte(sum);
      }
    }
  }
  return result;
}

function resampleColumns(image: ImageBytes, height: number, filter: Filter): ImageBytes {
  if (height === image.height) return image;
  const { width, channels, data } = image;
  const { start, count, weights, stride } = tapsOf(image.height, height, filter);
  const result = blankImage({ height, width, channels });
  const row = width * channels;
  const pixels = result.data;
  for (let y = 0, to = 0; y < height; y++) {
    const first = start[y]! * row;
    const end = y * stride + count[y]!;
    for (let x = 0; x < row; x++) {
      let sum = half;
      for (let t = y * stride, i = first + x; t < end; t++, i += row)
        sum = (sum + Math.imul(data[i]!, weights[t]!)) | 0;
      pixels[to++] = toByte(sum);
    }
  }
  return result;
}
