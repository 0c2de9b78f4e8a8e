import sharp from "sharp";
import type { ImageBytes } from "../../data/transforms/image-bytes.js";
import { resample } from "../../data/transforms/resample.js";

/** A map of heat, `[height, width]`, 0 … 1. */
export interface HeatMap {
  readonly height: number;
  readonly width: number;
  readonly heat: Float32Array;
}

/** Shorter side of the picture, in pixels: small images are enlarged by a whole factor. */
const leastSide = 224;

/** Share of the heat's colour where it is strongest. */
const opacity = 0.6;

/** Cold to hot, told apart in grey too: dark blue, purple, orange, light yellow (the colours of `plasma`). */
const palette = [
  [13, 8, 135],
  [156, 23, 158],
  [237, 121, 83],
  [240, 249, 33],
] as const;

/**
 * A map of heat laid over its picture, as a PNG file; the picture shows where there is none.
 *
 * @param picture grey or coloured
 */
export async function heatPicture(picture: ImageBytes, map: HeatMap): Promise<Uint8Array> {
  const { height, width, channels, data } = picture;
  const bytes = Uint8Array.from(map.heat, (value) => Math.round(255 * value));
  const heat = resample(
    { height: map.height, width: map.width, channels: 1, data: bytes },
    picture,
    "bilinear",
  );
  const drawn = new Uint8Array(height * width * 3);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const share = heat.data[pixel]! / 255;
    const colour = colourOf(share);
    for (let c = 0; c < 3; c++) {
      const byte = data[pixel * channels + Math.min(c, channels - 1)]!;
      drawn[3 * pixel + c] = Math.round(byte + opacity * share * (colour[c]! - byte));
    }
  }
  const factor = Math.max(1, Math.ceil(leastSide / Math.min(height, width)));
  return sharp(drawn, { raw: { height, width, channels: 3 } })
    .resize({ width: factor * width, height: factor * height, kernel: "nearest" })
    .png()
    .toBuffer();
}

function colourOf(share: number): readonly number[] {
  const at = share * (palette.length - 1);
  const low = Math.min(Math.floor(at), palette.length - 2);
  return palette[low]!.map((byte, c) => byte + (at - low) * (palette[low + 1]![c]! - byte));
}
