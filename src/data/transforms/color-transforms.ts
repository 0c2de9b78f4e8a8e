import { z } from "zod";
import { defineTransform, probabilitySchema } from "./define-transform.js";
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from "./enhance.js";
import { type ImageBytes, toGrey } from "./image-bytes.js";

const strength = z.number().min(0).max(10).default(0);

/**
 * Brightness, contrast and saturation times a factor in `1 ± strength` (at least 0), and the hue turned by up to
 * `hue` of the circle in either direction, in random order.
 *
 * torchvision's `ColorJitter(brightness, contrast, saturation, hue)`.
 */
export const colorJitter = defineTransform({
  schema: z.strictObject({
    type: z.literal("colorJitter"),
    brightness: strength,
    contrast: strength,
    saturation: strength,
    hue: z.number().min(0).max(0.5).default(0),
  }),
  isRandom: true,
  apply(image, { brightness, contrast, saturation, hue }, draws, loops) {
    const factor = (most: number): number => draws.uniform(Math.max(0, 1 - most), 1 + most);
    const turnHue = (picture: ImageBytes, turn: number): ImageBytes =>
      adjustHue(picture, turn, loops);
    const steps = [
      { most: brightness, adjust: adjustBrightness, amount: factor(brightness) },
      { most: contrast, adjust: adjustContrast, amount: factor(contrast) },
      { most: saturation, adjust: adjustSaturation, amount: factor(saturation) },
      { most: hue, adjust: turnHue, amount: draws.uniform(-hue, hue) },
    ];
    let result: ImageBytes = image;
    while (steps.length > 0) {
      const { most, adjust, amount } = steps.splice(draws.integer(steps.length), 1)[0]!;
      if (most > 0) result = adjust(result, amount);
    }
    return result;
  },
});

/** Grey, in one channel or in three equal ones. torchvision's `Grayscale(channels)`. */
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

/** Grey with probability `probability`, in as many channels as before. torchvision's `RandomGrayscale(p)`. */
export const randomGrayscale = defineTransform({
  schema: z.strictObject({
    type: z.literal("randomGrayscale"),
    probability: probabilitySchema.default(0.1),
  }),
  isRandom: true,
  apply: (image, { probability }, draws) =>
    draws.chance(probability) ? toGrey(image, image.channels) : image,
});
