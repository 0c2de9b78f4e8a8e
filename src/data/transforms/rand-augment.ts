import { z } from "zod";
import {
  type AffineInterpolation,
  type AffineMatrix,
  type AffineMotion,
  affineImage,
  motionMatrix,
  rotationMatrix,
} from "./affine.js";
import { defineTransform, fillSchema } from "./define-transform.js";
import type { Draws } from "./draws.js";
import { adjustBrightness, adjustContrast, adjustSaturation, adjustSharpness } from "./enhance.js";
import { type ImageBytes, type ImageSize, roundHalfEven } from "./image-bytes.js";
import { autoContrast, equalize, posterize, solarize } from "./lookup.js";
import type { PixelLoops } from "./pixel-loops.js";
import type { Fill } from "./placement.js";

/** How geometric operations read pixels. */
interface AugmentStyle {
  readonly interpolation: AffineInterpolation;
  readonly fill: Fill;
}

/** Magnitudes come in 31 steps, 0 … 30. */
const magnitudeSteps = 31;

/** The largest magnitude of each operation; the smallest is 0. */
export interface AugmentSpace {
  readonly shear: number;
  /** In pixels. */
  readonly translateX: number;
  readonly translateY: number;
  readonly rotate: number;
  /** The strength of brightness, color, contrast and sharpness. */
  readonly enhance: number;
  /** Bits taken away. */
  readonly posterize: number;
}

/** One operation of RandAugment and TrivialAugment. */
interface AugmentOp {
  readonly apply: (
    image: ImageBytes,
    magnitude: number,
    style: AugmentStyle,
    loops: PixelLoops,
  ) => ImageBytes;
  /** The magnitude at a step; absent if the operation has none. */
  readonly magnitude?: (space: AugmentSpace, step: number) => number;
  /** Whether the magnitude gets a random sign. */
  readonly isSigned?: boolean;
}

/** Even steps from both ends in float32, each rounded once, as `torch.linspace`. */
function linspace(start: number, end: number, step: number): number {
  const width = Math.fround((Math.fround(end) - start) / (magnitudeSteps - 1));
  const left = magnitudeSteps - 1 - step;
  return Math.fround(step < left ? start + width * step : Math.fround(end) - width * left);
}

const upTo =
  (most: keyof AugmentSpace) =>
  (space: AugmentSpace, step: number): number =>
    linspace(0, space[most], step);

const moved = (
  image: ImageBytes,
  matrix: AffineMatrix,
  style: AugmentStyle,
  loops: PixelLoops,
): ImageBytes => affineImage(image, matrix, style.interpolation, style.fill, loops);

const moving = (
  most: keyof AugmentSpace,
  motion: (magnitude: number) => AffineMotion,
): AugmentOp => ({
  magnitude: upTo(most),
  isSigned: true,
  apply: (image, magnitude, style, loops) =>
    moved(image, motionMatrix(motion(magnitude), image), style, loops),
});

const enhancing = (adjust: (image: ImageBytes, factor: number) => ImageBytes): AugmentOp => ({
  magnitude: upTo("enhance"),
  isSigned: true,
  apply: (image, magnitude) => adjust(image, 1 + magnitude),
});

const degrees = (slope: number): number => Math.atan(slope) * (180 / Math.PI);

/** torchvision's operations, in its order and on a PIL image byte for byte. */
export const augmentOps = {
  identity: { apply: (image) => image },
  shearX: moving("shear", (slope) => ({ shear: [degrees(slope), 0], center: [0, 0] })),
  shearY: moving("shear", (slope) => ({ shear: [0, degrees(slope)], center: [0, 0] })),
  translateX: moving("translateX", (pixels) => ({ translate: [Math.trunc(pixels), 0] })),
  translateY: moving("translateY", (pixels) => ({ translate: [0, Math.trunc(pixels)] })),
  rotate: {
    magnitude: upTo("rotate"),
    isSigned: true,
    apply: (image, angle, style, loops) => moved(image, rotationMatrix(angle, image), style, loops),
  },
  brightness: enhancing(adjustBrightness),
  color: enhancing(adjustSaturation),
  contrast: enhancing(adjustContrast),
  sharpness: enhancing(adjustSharpness),
  posterize: {
    magnitude: (space, step) => 8 - roundHalfEven(step / ((magnitudeSteps - 1) / space.posterize)),
    apply: posterize,
  },
  solarize: { magnitude: (_, step) => linspace(255, 0, step), apply: solarize },
  autoContrast: { apply: autoContrast },
  equalize: { apply: equalize },
} as const satisfies Readonly<Record<string, AugmentOp>>;

const opList: readonly AugmentOp[] = Object.values(augmentOps);

/** Applies a randomly drawn operation, with its magnitude at `step`. */
function applyRandomOp(
  image: ImageBytes,
  space: AugmentSpace,
  step: number,
  style: AugmentStyle,
  draws: Draws,
  loops: PixelLoops,
): ImageBytes {
  const op = opList[draws.integer(opList.length)]!;
  const magnitude = op.magnitude?.(space, step) ?? 0;
  const isNegative = draws.chance(0.5);
  return op.apply(image, op.isSigned && isNegative ? -magnitude : magnitude, style, loops);
}

const style = {
  interpolation: z.enum(["nearest", "bilinear"]).default("nearest"),
  fill: fillSchema.default(0),
};

/** RandAugment's largest magnitudes, for an image's size. */
export const randAugmentSpace = ({ height, width }: ImageSize): AugmentSpace => ({
  shear: 0.3,
  translateX: (150 / 331) * width,
  translateY: (150 / 331) * height,
  rotate: 30,
  enhance: 0.9,
  posterize: 4,
});

/** TrivialAugment's largest magnitudes. */
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
 * One of these operations, with random magnitude.
 *
 * torchvision's `TrivialAugmentWide()`. Source: Müller and Hutter 2021, arXiv:2103.10158.
 */
export const trivialAugmentWide = defineTransform({
  schema: z.strictObject({ type: z.literal("trivialAugmentWide"), ...style }),
  isRandom: true,
  apply: (image, style, draws, loops) =>
    applyRandomOp(image, trivialAugmentSpace, draws.integer(magnitudeSteps), style, draws, loops),
});
