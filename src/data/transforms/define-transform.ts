import { z } from "zod";
import type { Draws } from "./draws.js";
import type { ImageBytes, ImageShape, ImageSize } from "./image-bytes.js";
import type { PixelLoops } from "./pixel-loops.js";
import { type Fill, type Placement, inPlace, placeImage } from "./placement.js";

/** The declaration of one type of transform. */
export interface TransformRules<Schema extends z.ZodObject> {
  /** Its fields; `type` is its name, and `parseTransforms` reads the next field without its name too. */
  readonly schema: Schema;
  /** Whether it draws random numbers. */ readonly isRandom: boolean;
  /**
   * The shape of the result, if it differs from the image's. @throws {DataError} `ERR_DATA_TRANSFORM` if it does
   * not fit
   */
  shape?(image: ImageShape, transform: z.output<Schema>): ImageShape;
  /** Returns a new image or the given one, which it never changes. */
  apply(
    image: ImageBytes,
    transform: z.output<Schema>,
    draws: Draws,
    loops: PixelLoops,
  ): ImageBytes;
  /** Present if the transform only moves and covers pixels. */
  readonly placing?: PlacingRules<Schema>;
}

/** A transform that only moves and covers pixels. Several of them are combined into one pass over the result. */
interface PlacingRules<Schema extends z.ZodObject> {
  readonly kind: "crop" | "flip" | "erase";
  /** The placement after this transform. */
  place(placement: Placement, transform: z.output<Schema>, draws: Draws): Placement;
}

/** Declares a transform; infers the type of its fields. */
export const defineTransform = <Schema extends z.ZodObject>(
  rules: TransformRules<Schema>,
): TransformRules<Schema> => rules;

/**
 * Declares a transform by where the pixels of its result come from; its field `fill` colours pixels outside the
 * image and covered ones.
 */
export function definePlacing<Schema extends z.ZodObject>({
  kind,
  place,
  ...rules
}: Omit<TransformRules<Schema>, "apply" | "placing"> &
  PlacingRules<Schema>): TransformRules<Schema> {
  return {
    ...rules,
    placing: { kind, place },
    apply(image, transform, draws, loops) {
      rules.shape?.(image, transform);
      const { fill = 0 } = transform as { readonly fill?: Fill };
      return placeImage(image, place(inPlace(image), transform, draws), fill, loops);
    },
  };
}

/** The largest side that a transform makes, in pixels. */
export const maxSide = 16_384;

export const side = z.int().min(1).max(maxSide);

/** A square's side, or height and width. */
export const sizeSchema = z.union([side, z.tuple([side, side])]);

export const probabilitySchema = z.number().min(0).max(1);

/** Byte values of each channel; one number stands for all channels. */
export const fillSchema = z.union([
  z.int().min(0).max(255),
  z.array(z.int().min(0).max(255)).min(1).max(4),
]);

/** A range of positive numbers: least and most. */
export const positiveRange = (most = Number.MAX_VALUE) =>
  z
    .tuple([z.number().positive().max(most), z.number().positive().max(most)])
    .refine(([low, high]) => low <= high, "the first number is larger than the second");

/** One number is a square; two are height and width. */
export const sizeOfCrop = (size: z.output<typeof sizeSchema>): ImageSize =>
  typeof size === "number" ? { height: size, width: size } : { height: size[0], width: size[1] };
