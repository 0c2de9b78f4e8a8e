import { z } from "zod";
import { defineTransform } from "./define-transform.js";
import { adjustBrightness, adjustContrast, adjustSaturation } from "./enhance.js";
import { adjustHue } from "./hue.js";
import type { ImageBytes } from "./image-bytes.js";

const strength = z.number().min(0).max(10).default(0);

/**
 * Brightness, contrast and saturation times a factor in `1 ± strength` (0 at least), and the hue turned by up to `hue` of
 * the circle to either side, in random order.
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
