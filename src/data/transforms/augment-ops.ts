import { affineImage, type AffineInterpolation, type AffineMatrix } from "./affine-image.js";
import { motionMatrix, rotationMatrix, type AffineMotion } from "./affine-matrix.js";
import type { Draws } from "./draws.js";
import { adjustBrightness, adjustContrast, adjustSaturation, adjustSharpness } from "./enhance.js";
import type { ImageBytes } from "./image-bytes.js";
import { autoContrast, equalize, posterize, solarize } from "./lookup.js";
import type { PixelLoops } from "./pixel-loops.js";
import type { Fill } from "./placement.js";
import { roundHalfEven } from "./round-half-even.js";

/** How operations that move pixels read them. */
export interface AugmentStyle {
  readonly interpolation: AffineInterpolation;
  readonly fill: Fill;
}

/** Magnitudes come in 31 steps, 0 … 30. */
export const magnitudeSteps = 31;

/** The strongest of the magnitudes of each operation; the weakest is 0, unless two numbers say both. */
export interface AugmentSpace {
  readonly shear: number;
  /** In pixels. */
  readonly translateX: number;
  readonly translateY: number;
  readonly rotate: number;
  /** Of brightness, color, contrast and sharpness. */
  readonly enhance: number;
  /** Bits taken away. */
  readonly posterize: number;
}

/** One operation: what it does with a magnitude. */
interface AugmentOp {
  readonly apply: (
    image: ImageBytes,
    magnitude: number,
    style: AugmentStyle,
    loops: PixelLoops,
  ) => ImageBytes;
  /** The magnitude of a step; absent where there is none. */
  readonly magnitude?: (space: AugmentSpace, step: number) => number;
  /** Whether the magnitude may be negative, too. */
  readonly isSigned?: boolean;
}

/** Even steps from both ends in float32, each rounded once, as `torch.linspace`. */
export function linspace(start: number, end: number, step: number): number {
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

/** One operation, drawn from all, at a step of its magnitudes. */
export function applyRandomOp(
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
