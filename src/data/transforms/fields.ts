import { z } from "zod";
import type { ImageSize } from "./image-bytes.js";

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

/** Least and most of a range of positive numbers. */
export const positiveRange = (most = Number.MAX_VALUE) =>
  z
    .tuple([z.number().positive().max(most), z.number().positive().max(most)])
    .refine(([low, high]) => low <= high, "the first number is larger than the second");

/** One number is a square; two are height and width. */
export const sizeOfCrop = (size: z.output<typeof sizeSchema>): ImageSize =>
  typeof size === "number" ? { height: size, width: size } : { height: size[0], width: size[1] };
