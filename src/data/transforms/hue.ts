import type { ImageBytes } from "./image-bytes.js";
import { plainLoops, type PixelLoops } from "./pixel-loops.js";

/**
 * Turns the hue of every pixel, by Pillow's conversions to HSV bytes and back; a grey image stays. torchvision's
 * `adjust_hue` on a PIL image, byte for byte.
 *
 * @param turn part of the whole circle, −0.5 … 0.5
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
