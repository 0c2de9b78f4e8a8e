import { z } from "zod";
import { transformError } from "../data-error.js";
import {
  definePlacing,
  fillSchema,
  maxSide,
  positiveRange,
  probabilitySchema,
  side,
  sizeOfCrop,
  sizeSchema,
} from "./define-transform.js";
import type { Draws } from "./draws.js";
import { formatSize, roundHalfEven } from "./image-bytes.js";
import { type Rectangle, cropAxis, flipAxis, nothing } from "./placement.js";

/**
 * The middle of an image; a crop larger than the image has black borders.
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

/** Offset of a centred crop, with torchvision's rounding. */
export const centered = (size: number, crop: number): number =>
  crop > size ? -Math.floor((crop - size) / 2) : roundHalfEven((size - crop) / 2);

const distance = z.int().min(-maxSide).max(maxSide);

/** The image moved right and down by whole pixels, in its own size. torchvision's `affine` with `translate`. */
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
 * A crop at a random place, after `padding` pixels were added on each side.
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

/** Left and right swapped. torchvision's `hflip`. */
export const horizontalFlip = definePlacing({
  schema: z.strictObject({ type: z.literal("horizontalFlip") }),
  isRandom: false,
  kind: "flip",
  place: (placement) => ({ ...placement, columns: flipAxis(placement.columns) }),
});

/** Left and right swapped with probability `probability`. torchvision's `RandomHorizontalFlip(p)`. */
export const randomHorizontalFlip = definePlacing({
  schema: z.strictObject({
    type: z.literal("randomHorizontalFlip"),
    probability: probabilitySchema.default(0.5),
  }),
  isRandom: true,
  kind: "flip",
  place: (placement, { probability }, draws) =>
    draws.chance(probability) ? { ...placement, columns: flipAxis(placement.columns) } : placement,
});

/** Top and bottom swapped with probability `probability`. torchvision's `RandomVerticalFlip(p)`. */
export const randomVerticalFlip = definePlacing({
  schema: z.strictObject({
    type: z.literal("randomVerticalFlip"),
    probability: probabilitySchema.default(0.5),
  }),
  isRandom: true,
  kind: "flip",
  place: (placement, { probability }, draws) =>
    draws.chance(probability) ? { ...placement, rows: flipAxis(placement.rows) } : placement,
});

/**
 * With probability `probability`, covers a rectangle of random size and place: `scale` is its fraction of the
 * image's area, `ratio` its height divided by its width. If ten draws do not fit, nothing is covered.
 *
 * torchvision's `RandomErasing(p, scale, ratio, value)`, on bytes and so before normalization.
 * Source: Zhong et al. 2017, arXiv:1708.04896.
 */
export const randomErasing = definePlacing({
  schema: z.strictObject({
    type: z.literal("randomErasing"),
    probability: probabilitySchema.default(0.5),
    scale: positiveRange(1).default([0.02, 0.33]),
    ratio: positiveRange().default([0.3, 3.3]),
    fill: fillSchema.default(0),
  }),
  isRandom: true,
  kind: "erase",
  place(placement, { probability, scale, ratio }, draws) {
    if (!draws.chance(probability)) return placement;
    const { rows, columns } = placement;
    return { ...placement, erased: drawRectangle(rows.size, columns.size, scale, ratio, draws) };
  },
});

function drawRectangle(
  height: number,
  width: number,
  scale: readonly [number, number],
  ratio: readonly [number, number],
  draws: Draws,
): Rectangle {
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = height * width * draws.uniform(...scale);
    const aspect = Math.exp(draws.uniform(Math.log(ratio[0]), Math.log(ratio[1])));
    const h = roundHalfEven(Math.sqrt(area * aspect));
    const w = roundHalfEven(Math.sqrt(area / aspect));
    if (h >= height || w >= width) continue;
    const top = draws.integer(height - h + 1);
    const left = draws.integer(width - w + 1);
    return { top, left, bottom: top + h, right: left + w };
  }
  return nothing;
}

/**
 * Covers a square of `size` pixels centred on a random pixel of the image; the part outside the image is cut off.
 *
 * Source: DeVries and Taylor 2017, arXiv:1708.04552.
 */
export const cutout = definePlacing({
  schema: z.strictObject({
    type: z.literal("cutout"),
    size: side,
    fill: fillSchema.default(0),
  }),
  isRandom: true,
  kind: "erase",
  place(placement, { size }, draws) {
    const { rows, columns } = placement;
    const top = draws.integer(rows.size) - Math.floor(size / 2);
    const left = draws.integer(columns.size) - Math.floor(size / 2);
    return {
      ...placement,
      erased: {
        top: Math.max(0, top),
        left: Math.max(0, left),
        bottom: Math.min(rows.size, top + size),
        right: Math.min(columns.size, left + size),
      },
    };
  },
});
