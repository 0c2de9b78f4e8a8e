import { z } from "zod";
import { applyRandomOp, magnitudeSteps, type AugmentSpace } from "./augment-ops.js";
import { defineTransform } from "./define-transform.js";
import { fillSchema } from "./fields.js";
import type { ImageSize } from "./image-bytes.js";

const style = {
  interpolation: z.enum(["nearest", "bilinear"]).default("nearest"),
  fill: fillSchema.default(0),
};

/** How far RandAugment goes, by the image's size. */
export const randAugmentSpace = ({ height, width }: ImageSize): AugmentSpace => ({
  shear: 0.3,
  translateX: (150 / 331) * width,
  translateY: (150 / 331) * height,
  rotate: 30,
  enhance: 0.9,
  posterize: 4,
});

/** How far TrivialAugment goes. */
export const trivialAugmentSpace: AugmentSpace = {
  shear: 0.99,
  translateX: 32,
  translateY: 32,
  rotate: 135,
  enhance: 0.99,
  posterize: 6,
};

/**
 * Some operations out of fourteen (shears, shifts, rotation, brightness, colour, ...), all of one magnitude.
 *
 * torchvision's `RandAugment(num_ops, magnitude)` with 31 magnitudes. Source: Cubuk et al. 2019, arXiv:1909.13719.
 */
export const randAugment = defineTransform({
  schema: z.strictObject({
    type: z.literal("randAugment"),
    operations: z.int().min(1).max(14).default(2),
    magnitude: z
      .int()
      .min(0)
      .max(magnitudeSteps - 1)
      .default(9),
    ...style,
  }),
  isRandom: true,
  apply(image, { operations, magnitude, ...style }, draws, loops) {
    const space = randAugmentSpace(image);
    let result = image;
    for (let i = 0; i < operations; i++)
      result = applyRandomOp(result, space, magnitude, style, draws, loops);
    return result;
  },
});

/**
 * One of the same operations, of random magnitude.
 *
 * torchvision's `TrivialAugmentWide()`. Source: Müller and Hutter 2021, arXiv:2103.10158.
 */
export const trivialAugmentWide = defineTransform({
  schema: z.strictObject({ type: z.literal("trivialAugmentWide"), ...style }),
  isRandom: true,
  apply: (image, style, draws, loops) =>
    applyRandomOp(image, trivialAugmentSpace, draws.integer(magnitudeSteps), style, draws, loops),
});
