import { z } from "zod";
import { defineTransform } from "./define-transform.js";
import { sizeOfCrop, sizeSchema } from "./fields.js";
import { formatSize, type ImageSize } from "./image-bytes.js";
import { resample } from "./resample.js";
import { transformError } from "./transform-error.js";

/**
 * Another size, by Pillow's antialiased resampling. One number is the shorter side, and the longer one keeps the ratio,
 * rounded down; two numbers are height and width.
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

/** An image much longer than wide would grow without bounds. */
const mostPixels = 1 << 26;

function resizedSize(size: z.output<typeof sizeSchema>, { height, width }: ImageSize): ImageSize {
  if (typeof size !== "number") return sizeOfCrop(size);
  const longer = Math.trunc((size * Math.max(height, width)) / Math.min(height, width));
  const resized =
    height < width ? { height: size, width: longer } : { height: longer, width: size };
  if (size * longer > mostPixels) {
    throw transformError(
      `resize: an image of ${formatSize({ height, width })} would become ${formatSize(resized)}` +
        ` pixels, more than ${mostPixels}; crop it, or give height and width`,
    );
  }
  return resized;
}
