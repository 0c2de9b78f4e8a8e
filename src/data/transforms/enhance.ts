/**
 * Brightness, contrast, saturation and sharpness, byte for byte as Pillow's `ImageEnhance`: a blend of the image with one
 * that has none of it. Factor 0 gives that one, 1 the image, and more exaggerates.
 */

import { greyOf, toGrey } from "./grey.js";
import type { ImageBytes } from "./image-bytes.js";
import { mapEachByte } from "./lookup.js";

/** Blended with black. */
export const adjustBrightness = (image: ImageBytes, factor: number): ImageBytes =>
  mapEachByte(image, (byte) => blend(0, byte, factor));

/** Blended with its mean brightness. */
export function adjustContrast(image: ImageBytes, factor: number): ImageBytes {
  const grey = greyOf(image);
  const mean = Math.trunc(grey.reduce((sum, byte) => sum + byte, 0) / grey.length + 0.5);
  return mapEachByte(image, (byte) => blend(mean, byte, factor));
}

/** Blended with its grey. */
export const adjustSaturation = (image: ImageBytes, factor: number): ImageBytes =>
  image.channels === 1 ? image : blendImages(toGrey(image, image.channels), image, factor);

/** Blended with itself smoothed. */
export const adjustSharpness = (image: ImageBytes, factor: number): ImageBytes =>
  blendImages(smooth(image), image, factor);

function blendImages(from: ImageBytes, to: ImageBytes, factor: number): ImageBytes {
  const data = new Uint8Array(to.data.length);
  for (let i = 0; i < data.length; i++) data[i] = blend(from.data[i]!, to.data[i]!, factor);
  return { ...to, data };
}

/** `from + factor · (to − from)` in float32, cut off to a byte. */
function blend(from: number, to: number, factor: number): number {
  const value = Math.fround(from + Math.fround(Math.fround(factor) * (to - from)));
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
}

/** Pillow's `SMOOTH`: each pixel five times and its eight neighbours, by 13; the border stays. */
function smooth(image: ImageBytes): ImageBytes {
  const { height, width, channels, data } = image;
  const result = Uint8Array.from(data);
  if (height < 3 || width < 3) return { ...image, data: result };
  const [side, center] = [Math.fround(1 / 13), Math.fround(5 / 13)];
  const row = width * channels;
  // Sums of float32 in Pillow's order: the row below, this one, the row above.
  const three = (i: number, middle: number): number =>
    Math.fround(
      Math.fround(Math.fround(data[i - channels]! * side) + Math.fround(data[i]! * middle)) +
        Math.fround(data[i + channels]! * side),
    );
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * row + channels; i < (y + 1) * row - channels; i++) {
      let sum = Math.fround(0.5 + three(i + row, side));
      sum = Math.fround(sum + three(i, center));
      result[i] = Math.min(255, Math.fround(sum + three(i - row, side)));
    }
  }
  return { ...image, data: result };
}
