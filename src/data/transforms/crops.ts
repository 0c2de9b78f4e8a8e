import { z } from "zod";
import { transformError } from "./transform-error.js";
import { fillSchema, maxSide, sizeOfCrop, sizeSchema } from "./fields.js";
import { formatSize } from "./image-bytes.js";
import { cropAxis } from "./placement.js";
import { definePlacing } from "./define-transform.js";
import { roundHalfEven } from "./round-half-even.js";

/**
 * The middle of an image; where the crop is larger, the image in the middle of black.
 *
 * torchvision's `CenterCrop(size)`.
 */
export const centerCrop = definePlacing({
  schema: z.strictObject({ type: z.literal("centerCrop"), size: sizeSchema }),
  isRandom: false,
  kind: "crop",
  shape: (image, { size }) => ({ ...image, ...sizeOfCrop(size) }),
  place({ rows, columns, erased }, { size }) {
    const { height, width } = sizeOfCrop(size);
    return {
      rows: cropAxis(rows, centered(rows.size, height), height),
      columns: cropAxis(columns, centered(columns.size, width), width),
      erased,
    };
  },
});

/** Offset of a crop in the middle, in torchvision's rounding. */
export const centered = (size: number, crop: number): number =>
  crop > size ? -Math.floor((crop - size) / 2) : roundHalfEven((size - crop) / 2);

const distance = z.int().min(-maxSide).max(maxSide);

/** The image moved by whole pixels, right and down, in its own size. torchvision's `affine` with `translate`. */
export const translate = definePlacing({
  schema: z.strictObject({
    type: z.literal("translate"),
    x: distance.default(0),
    y: distance.default(0),
    fill: fillSchema.default(0),
  }),
  isRandom: false,
  kind: "crop",
  place: ({ rows, columns, erased }, { x, y }) => ({
    rows: cropAxis(rows, -y, rows.size),
    columns: cropAxis(columns, -x, columns.size),
    erased,
  }),
});

/**
 * A part of an image, anywhere, after a border of `padding` pixels was laid around it.
 *
 * torchvision's `RandomCrop(size, padding, fill)`. Source for CIFAR: He et al. 2015, arXiv:1512.03385, §4.2.
 */
export const randomCrop = definePlacing({
  schema: z.strictObject({
    type: z.literal("randomCrop"),
    size: sizeSchema,
    padding: z.int().min(0).max(4096).default(0),
    fill: fillSchema.default(0),
  }),
  isRandom: true,
  kind: "crop",
  shape(image, { size, padding }) {
    const crop = sizeOfCrop(size);
    if (crop.height > image.height + 2 * padding || crop.width > image.width + 2 * padding) {
      throw transformError(
        `randomCrop: ${formatSize(crop)} does not fit into an image of ${formatSize(image)}` +
          ` with a padding of ${padding}; resize the image first or raise the padding`,
      );
    }
    return { ...image, ...crop };
  },
  place({ rows, columns, erased }, { size, padding }, draws) {
    const { height, width } = sizeOfCrop(size);
    const top = draws.integer(rows.size + 2 * padding - height + 1) - padding;
    const left = draws.integer(columns.size + 2 * padding - width + 1) - padding;
    return {
      rows: cropAxis(rows, top, height),
      columns: cropAxis(columns, left, width),
      erased,
    };
  },
});
