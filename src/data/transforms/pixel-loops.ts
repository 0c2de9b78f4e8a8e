/**
 * The inner loops of crops, flips and resizes, and the memory that images are made in. They are an argument of
 * `composeTransforms`, so that a thread with the native engine can pass faster ones. All give the same bytes.
 */

import { type ImageBytes, type ImageShape, type ImageSize, blankImage } from "./image-bytes.js";

export interface PixelLoops {
  /** Makes a black image. */
  readonly blank: (shape: ImageShape) => ImageBytes;
  readonly copyPixels: CopyPixels;
  readonly resampleAxis: ResampleAxis;
}

/**
 * Selects pixels of an image: result pixel (h, w) is source pixel `start + h · perRow + w · perColumn`, in row-major
 * order.
 */
export interface PixelWalk extends ImageSize {
  readonly start: number;
  readonly perRow: number;
  readonly perColumn: 1 | -1;
}

/** Copies a part of an image. Every pixel of the part must lie in the image. */
export type CopyPixels = (
  source: Uint8Array,
  target: Uint8Array,
  channels: number,
  walk: PixelWalk,
) => void;

/** The input pixels and weights of each output pixel along one axis. */
export interface Taps {
  /** First input pixel of each output pixel. */
  readonly start: Int32Array;
  /** Number of input pixels of each output pixel. */
  readonly count: Int32Array;
  /** Weights in units of 2^−22, `stride` for each output pixel. */
  readonly weights: Int32Array;
  readonly stride: number;
}

/**
 * Resamples the middle axis of `[outer, from, inner]` into `target`, `[outer, taps.start.length, inner]`.
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

/**
 * Fraction bits of a weight. A weighted sum fits into 32 bits: 8 bits for the byte, and 2 for the overshoot of a
 * bicubic filter.
 */
export const weightBits = 22;
const half = 1 << (weightBits - 1);

/** Loops in plain TypeScript, for every runtime. Native loops are tested against them. */
export const plainLoops: PixelLoops = { blank: blankImage, copyPixels, resampleAxis };

function copyPixels(
  source: Uint8Array,
  target: Uint8Array,
  channels: number,
  { start, perRow, perColumn, height, width }: PixelWalk,
): void {
  for (let h = 0, to = 0; h < height; h++) {
    let from = (start + h * perRow) * channels;
    if (perColumn === 1) {
      target.set(source.subarray(from, from + width * channels), to);
      to += width * channels;
      continue;
    }
    for (let w = 0; w < width; w++, from -= channels)
      for (let c = 0; c < channels; c++) target[to++] = source[from + c]!;
  }
}

function toByte(sum: number): number {
  const value = sum >> weightBits;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

function resampleAxis(
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
        // Unrolled: one loop over the taps for all three colours.
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
