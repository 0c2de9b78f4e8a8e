import { z } from "zod";
import { transformError } from "../data-error.js";
import { defineTransform, positiveRange, sizeOfCrop, sizeSchema } from "./define-transform.js";
import type { Draws } from "./draws.js";
import { type ImageSize, formatSize, roundHalfEven } from "./image-bytes.js";
import { nothing, placeImage } from "./placement.js";
import { resample } from "./resample.js";

/**
 * Resizes by Pillow's antialiased resampling. One number is the length of the shorter side, and the longer one keeps
 * the aspect ratio, rounded down; two numbers are height and width.
 *
 * torchvision's `Resize(size, interpolation)` on a PIL image, byte for byte.
 */
export const resize = defineTransform({
  schema: z.strictObject({
    type: z.literal("resize"),
    size: sizeSchema,
    interpolation: z.enum(["bilinear", "bicubic"]).default("bilinear"),
  }),
  isRandom: false,
  shape: (image, { size }) => ({ ...image, ...resizedSize(size, image) }),
  apply: (image, { size, interpolation }, _, loops) =>
    resample(image, resizedSize(size, image), interpolation, loops),
});

/** Limits the size of a narrow image, whose longer side would grow without bound. */
const maxPixels = 1 << 26;

function resizedSize(size: z.output<typeof sizeSchema>, { height, width }: ImageSize): ImageSize {
  if (typeof size !== "number") return sizeOfCrop(size);
  const longer = Math.trunc((size * Math.max(height, width)) / Math.min(height, width));
  const resized =
    height < width ? { height: size, width: longer } : { height: longer, width: size };
  if (size * longer > maxPixels) {
    throw transformError(
      `resize: an image of ${formatSize({ height, width })} would become ${formatSize(resized)}` +
        ` pixels, more than ${maxPixels}; crop it, or give height and width`,
    );
  }
  return resized;
}

/**
 * A crop of random size and shape at a random place, resized: `scale` is its fraction of the image's area, `ratio`
 * its width divided by its height. If ten draws do not fit, the crop is the middle, as large as the ratios allow.
 *
 * torchvision's `RandomResizedCrop(size, scale, ratio, interpolation)` on a PIL image.
 * Source: Szegedy et al. 2014, arXiv:1409.4842, §6.
 */
export const randomResizedCrop = defineTransform({
  schema: z.strictObject({
    type: z.literal("randomResizedCrop"),
    size: sizeSchema,
    scale: positiveRange(1).default([0.08, 1]),
    ratio: positiveRange().default([3 / 4, 4 / 3]),
    interpolation: z.enum(["bilinear", "bicubic"]).default("bilinear"),
  }),
  isRandom: true,
  shape: (image, { size }) => ({ ...image, ...sizeOfCrop(size) }),
  apply(image, { size, scale, ratio, interpolation }, draws, loops) {
    const { top, left, height, width } = drawCrop(image, scale, ratio, draws);
    const rows = { start: top, step: 1, size: height } as const;
    const columns = { start: left, step: 1, size: width } as const;
    const crop = placeImage(image, { rows, columns, erased: nothing }, 0, loops);
    return resample(crop, sizeOfCrop(size), interpolation, loops);
  },
});

interface Crop extends ImageSize {
  readonly top: number;
  readonly left: number;
}

function drawCrop(
  { height, width }: ImageSize,
  scale: readonly [number, number],
  ratio: readonly [number, number],
  draws: Draws,
): Crop {
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = height * width * draws.uniform(...scale);
    const aspect = Math.exp(draws.uniform(Math.log(ratio[0]), Math.log(ratio[1])));
    const w = roundHalfEven(Math.sqrt(area * aspect));
    const h = roundHalfEven(Math.sqrt(area / aspect));
    if (w < 1 || w > width || h < 1 || h > height) continue;
    const top = draws.integer(height - h + 1);
    return { top, left: draws.integer(width - w + 1), height: h, width: w };
  }
  return middleCrop({ height, width }, ratio);
}

function middleCrop({ height, width }: ImageSize, [low, high]: readonly [number, number]): Crop {
  const aspect = width / height;
  const w = aspect > high ? Math.max(1, roundHalfEven(height * high)) : width;
  const h = aspect < low ? Math.max(1, roundHalfEven(width / low)) : height;
  return {
    top: Math.floor((height - h) / 2),
    left: Math.floor((width - w) / 2),
    height: h,
    width: w,
  };
}
