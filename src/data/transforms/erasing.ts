import { z } from "zod";
import { definePlacing } from "./define-transform.js";
import type { Draws } from "./draws.js";
import { fillSchema, positiveRange, probabilitySchema, side } from "./fields.js";
import { nothing, type Rectangle } from "./placement.js";
import { roundHalfEven } from "./round-half-even.js";

/**
 * Covers a rectangle of random size and place, sometimes: `scale` is its share of the image, `ratio` its height over its
 * width. Where ten draws do not fit, nothing is covered.
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
 * Covers a square of `size` pixels whose centre is any pixel of the image; what lies outside is cut off.
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
