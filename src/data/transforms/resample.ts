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
export interface Taps {
  /** First input pixel of each output pixel. */
  readonly start: Int32Array;
  /** Input pixels of each output pixel. */
  readonly count: Int32Array;
  /** Weights in units of 2^−22, `stride` for each output pixel. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/**
 * Resamples the middle axis of `[outer, from, inner]`: into `target`, `[outer, taps.start.length, inner]`.
 *
 * Rows are `[height, width, channels]` and columns `[1, height, width · channels]`.
 */
export type ResampleAxis = (
  source: Uint8Array,
  target: Uint8Array,
  outer: number,
  inner: number,
  taps: Taps,
) => void;

let resampleAxis: ResampleAxis = typescriptResampleAxis;

/** Resizes with other loops on this thread: the same bytes as `typescriptResampleAxis`, sooner. */
export function useResampleAxis(loops: ResampleAxis): void {
  resampleAxis = loops;
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

function toByte(sum: number): number {
  const value = sum >> weightBits;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

function resampleRows(image: ImageBytes, width: number, filter: Filter): ImageBytes {
  if (width === image.width) return image;
  const { height, channels, data } = image;
  const result = blankImage({ height, width, channels });
  resampleAxis(data, result.data, height, channels, tapsOf(image.width, width, filter));
  return result;
}

function resampleColumns(image: ImageBytes, height: number, filter: Filter): ImageBytes {
  if (height === image.height) return image;
  const { width, channels, data } = image;
  const result = blankImage({ height, width, channels });
  resampleAxis(data, result.data, 1, width * channels, tapsOf(image.height, height, filter));
  return result;
}

/** The loops where there is no native engine, and the reference of those that it has. */
export function typescriptResampleAxis(
  source: Uint8Array,
  target: Uint8Array,
  outer: number,
  inner: number,
  { start, count, weights, stride }: Taps,
): void {
  const to = start.length;
  const from = source.length / (outer * inner);
  for (let o = 0, at = 0; o < outer; o++) {
    for (let i = 0; i < to; i++) {
      const first = (o * from + start[i]!) * inner;
      const end = i * stride + count[i]!;
      if (inner === 3) {
        // Written out: all three colours in one walk over the taps.
        let red = half;
        let green = half;
        let blue = half;
        for (let t = i * stride, pixel = first; t < end; t++, pixel += 3) {
          const weight = weights[t]!;
          red = (red + Math.imul(source[pixel]!, weight)) | 0;
          green = (green + Math.imul(source[pixel + 1]!, weight)) | 0;
          blue = (blue + Math.imul(source[pixel + 2]!, weight)) | 0;
        }
        target[at++] = toByte(red);
        target[at++] = toByte(green);
        target[at++] = toByte(blue);
        continue;
      }
      for (let x = 0; x < inner; x++) {
        let sum = half;
        for (let t = i * stride, pixel = first + x; t < end; t++, pixel += inner)
          sum = (sum + Math.imul(source[pixel]!, weights[t]!)) | 0;
        target[at++] = toByte(sum);
      }
    }
  }
}
