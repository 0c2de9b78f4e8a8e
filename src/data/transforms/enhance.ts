/**
 * Brightness, contrast, saturation and sharpness, byte for byte as Pillow's `ImageEnhance`: a blend of the image
 * with a version that lacks the property. Factor 0 gives that version, 1 the image, and larger factors exaggerate.
 */

import { type ImageBytes, greyOf, toGrey } from "./image-bytes.js";
import { mapEachByte } from "./lookup.js";
import { type PixelLoops, plainLoops } from "./pixel-loops.js";

/** Blends with black. */
export const adjustBrightness = (image: ImageBytes, factor: number): ImageBytes =>
  mapEachByte(image, (byte) => blend(0, byte, factor));

/** Blends with the image's mean brightness. */
export function adjustContrast(image: ImageBytes, factor: number): ImageBytes {
  const grey = greyOf(image);
  const mean = Math.trunc(grey.reduce((sum, byte) => sum + byte, 0) / grey.length + 0.5);
  return mapEachByte(image, (byte) => blend(mean, byte, factor));
}

/** Blends with the image in grey. */
export const adjustSaturation = (image: ImageBytes, factor: number): ImageBytes =>
  image.channels === 1 ? image : blendImages(toGrey(image, image.channels), image, factor);

/** Blends with the smoothed image. */
export const adjustSharpness = (image: ImageBytes, factor: number): ImageBytes =>
  blendImages(smooth(image), image, factor);

function blendImages(from: ImageBytes, to: ImageBytes, factor: number): ImageBytes {
  const data = new Uint8Array(to.data.length);
  for (let i = 0; i < data.length; i++) data[i] = blend(from.data[i]!, to.data[i]!, factor);
  return { ...to, data };
}

/** `from + factor · (to − from)` in float32, clamped to a byte. */
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

/**
 * Turns the hue of every pixel, by Pillow's conversions to HSV bytes and back; a grey image stays as it is.
 * torchvision's `adjust_hue` on a PIL image, byte for byte.
 *
 * @param turn fraction of the whole circle, −0.5 … 0.5
 */
export function adjustHue(
  image: ImageBytes,
  turn: number,
  { blank }: Pick<PixelLoops, "blank"> = plainLoops,
): ImageBytes {
  if (image.channels === 1) return image;
  const shift = Math.trunc(turn * 255);
  const result = blank(image);
  for (let i = 0; i < image.data.length; i += 3) {
    const [h, s, v] = toHsv(image.data[i]!, image.data[i + 1]!, image.data[i + 2]!);
    result.data.set(toRgb((h + shift) & 0xff, s, v), i);
  }
  return result;
}

const { fround, trunc } = Math;

/** Hue, saturation and value as bytes; intermediate results in float32 where Pillow's are. */
function toHsv(r: number, g: number, b: number): readonly [number, number, number] {
  const max = Math.max(r, g, b);
  const range = max - Math.min(r, g, b);
  if (range === 0) return [0, 0, max];
  const [rc, gc, bc] = [r, g, b].map((c) => fround((max - c) / range)) as [number, number, number];
  const sector = fround(r === max ? bc - gc : g === max ? 2 + rc - bc : 4 + gc - rc);
  const hue = fround((sector / 6 + 1) % 1);
  return [trunc(hue * 255), trunc(fround(range / max) * 255), max];
}

function toRgb(h: number, s: number, v: number): readonly [number, number, number] {
  if (s === 0) return [v, v, v];
  const sector = Math.floor((h * 6) / 255);
  const rest = fround((h * 6) / 255 - sector);
  const saturation = fround(s / 255);
  const p = Math.round(v * (1 - saturation));
  const q = Math.round(v * (1 - fround(saturation * rest)));
  const t = Math.round(v * (1 - saturation * (1 - rest)));
  switch (sector % 6) {
    case 0:
      return [v, t, p];
    case 1:
      return [q, v, p];
    case 2:
      return [p, v, t];
    case 3:
      return [p, q, v];
    case 4:
      return [t, p, v];
    default:
      return [v, p, q];
  }
}
