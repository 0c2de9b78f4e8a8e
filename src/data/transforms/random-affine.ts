import { z } from "zod";
import { affineImage, motionMatrix, rotationMatrix } from "./affine.js";
import { defineTransform, fillSchema, positiveRange } from "./define-transform.js";
import { roundHalfEven } from "./image-bytes.js";

const angle = z.number().min(0).max(180);
const share = z.number().min(0).max(1);
const lean = z.number().min(0).max(89);
const interpolation = z.enum(["nearest", "bilinear"]).default("nearest");

/**
 * Rotates around the middle by up to `degrees` in either direction. torchvision's `RandomRotation(degrees,
 * interpolation, fill)`.
 */
export const randomRotation = defineTransform({
  schema: z.strictObject({
    type: z.literal("randomRotation"),
    degrees: angle,
    interpolation,
    fill: fillSchema.default(0),
  }),
  isRandom: true,
  apply(image, { degrees, interpolation, fill }, draws, loops) {
    const matrix = rotationMatrix(draws.uniform(-degrees, degrees), image);
    return affineImage(image, matrix, interpolation, fill, loops);
  },
});

/**
 * Rotates by up to `degrees` in either direction, shifts by up to a fraction of width and height, scales, and shears
 * by up to so many degrees along x and y.
 *
 * torchvision's `RandomAffine(degrees, translate, scale, shear, interpolation, fill)`.
 */
export const randomAffine = defineTransform({
  schema: z.strictObject({
    type: z.literal("randomAffine"),
    degrees: angle,
    translate: z.tuple([share, share]).default([0, 0]),
    scale: positiveRange().default([1, 1]),
    shear: z.tuple([lean, lean]).default([0, 0]),
    interpolation,
    fill: fillSchema.default(0),
  }),
  isRandom: true,
  apply(image, { degrees, translate, scale, shear, interpolation, fill }, draws, loops) {
    const upTo = (most: number): number => draws.uniform(-most, most);
    const motion = {
      angle: upTo(degrees),
      translate: [
        roundHalfEven(upTo(translate[0] * image.width)),
        roundHalfEven(upTo(translate[1] * image.height)),
      ],
      scale: draws.uniform(...scale),
      shear: [upTo(shear[0]), upTo(shear[1])],
    } as const;
    return affineImage(image, motionMatrix(motion, image), interpolation, fill, loops);
  },
});
