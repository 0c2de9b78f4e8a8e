import { z } from "zod";
import { defineTransform } from "./define-transform.js";
import { probabilitySchema } from "./fields.js";
import type { ImageBytes } from "./image-bytes.js";

/** Brightness of each pixel by ITU-R 601 in 16 bits: Pillow's `convert("L")`. One byte to a pixel. */
export function greyOf({ height, width, channels, data }: ImageBytes): Uint8Array {
  if (channels === 1) return data;
  const grey = new Uint8Array(height * width);
  for (let p = 0, i = 0; p < grey.length; p++, i += channels) {
    grey[p] = (19595 * data[i]! + 38470 * data[i + 1]! + 7471 * data[i + 2]! + 0x8000) >> 16;
  }
  return grey;
}

/** Grey with that many channels, all the same. */
export function toGrey(image: ImageBytes, channels: number): ImageBytes {
  const grey = greyOf(image);
  const data = channels === 1 ? grey : new Uint8Array(grey.length * channels);
  if (channels > 1) for (let i = 0; i < data.length; i++) data[i] = grey[Math.floor(i / channels)]!;
  return { ...image, channels, data };
}

/** Grey, in one channel or in three that are the same. torchvision's `Grayscale(channels)`. */
export const grayscale = defineTransform({
  schema: z.strictObject({
    type: z.literal("grayscale"),
    channels: z.union([z.literal(1), z.literal(3)]).default(1),
  }),
  isRandom: false,
  shape: (image, { channels }) => ({ ...image, channels }),
  apply: (image, { channels }) =>
    image.channels === channels && channels === 1 ? image : toGrey(image, channels),
});

/** Grey sometimes, in as many channels as before. torchvision's `RandomGrayscale(p)`. */
export const randomGrayscale = defineTransform({
  schema: z.strictObject({
    type: z.literal("randomGrayscale"),
    probability: probabilitySchema.default(0.1),
  }),
  isRandom: true,
  apply: (image, { probability }, draws) =>
    draws.chance(probability) ? toGrey(image, image.channels) : image,
});
