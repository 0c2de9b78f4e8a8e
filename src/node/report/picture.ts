import sharp from "sharp";
import type { ImageBytes } from "../../data/transforms/image-bytes.js";
import type { Figure } from "../../report/figure.js";
import { element } from "../../report/svg.js";

/** Pixels of the PNG for one of the SVG: sharp on dense screens and on paper. */
const scale = 2;

/**
 * A figure as a PNG file. Letters are drawn with the fonts that the machine has.
 */
export const renderPng = ({ svg }: Figure): Promise<Uint8Array> =>
  sharp(new TextEncoder().encode(svg), { density: 72 * scale, limitInputPixels: false })
    .flatten()
    .png()
    .toBuffer();

/**
 * An image as an element of an SVG file, in the middle of a square and as large as fits it: small images by whole factors,
 * so that a pixel stays a square.
 *
 * @param x of the square's left side, in pixels
 * @param y of its upper side
 * @param side of the square
 */
export async function drawImage(
  { data, height, width, channels }: ImageBytes,
  x: number,
  y: number,
  side: number,
): Promise<string> {
  const longest = Math.max(height, width);
  const factor = longest > side ? side / longest : Math.floor(side / longest);
  const [w, h] = [width, height].map((each) => Math.max(1, Math.round(each * factor))) as [
    number,
    number,
  ];
  const kernel = factor >= 1 ? "nearest" : "lanczos3";
  const png = await sharp(data, { raw: { height, width, channels: channels as 1 | 3 } })
    .resize({ width: w, height: h, fit: "fill", kernel })
    .png({ compressionLevel: 9 })
    .toBuffer();
  return element("image", {
    x: x + (side - w) / 2,
    y: y + (side - h) / 2,
    width: w,
    height: h,
    href: `data:image/png;base64,${png.toString("base64")}`,
  });
}
