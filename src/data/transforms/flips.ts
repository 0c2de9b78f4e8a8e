import { z } from "zod";
import { definePlacing } from "./define-transform.js";
import { probabilitySchema } from "./fields.js";
import { flipAxis } from "./placement.js";

/** Left and right swapped. torchvision's `hflip`. */
export const horizontalFlip = definePlacing({
  schema: z.strictObject({ type: z.literal("horizontalFlip") }),
  isRandom: false,
  kind: "flip",
  place: (placement) => ({ ...placement, columns: flipAxis(placement.columns) }),
});

/** Left and right swapped, sometimes. torchvision's `RandomHorizontalFlip(p)`. */
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

/** Top and bottom swapped, sometimes. torchvision's `RandomVerticalFlip(p)`. */
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
