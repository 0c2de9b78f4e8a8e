import type { z } from "zod";
import type { Draws } from "./draws.js";
import type { ImageBytes, ImageShape } from "./image-bytes.js";

/** Everything there is to say about one kind of transform. */
export interface TransformRules<Schema extends z.ZodObject> {
  /** Its fields; `type` is its name, and the field after it may be written without a name. */
  readonly schema: Schema;
  /** Whether it draws random numbers. */
  readonly isRandom: boolean;
  /** The shape that an image gets, where it changes. @throws {DataError} `ERR_DATA_TRANSFORM` where it does not fit */
  shape?(image: ImageShape, transform: z.output<Schema>): ImageShape;
  /** A new image, or the same; the given one keeps its bytes. */
  apply(image: ImageBytes, transform: z.output<Schema>, draws: Draws): ImageBytes;
}

/** Declares a transform: what a user may write, and what it does. */
export const defineTransform = <Schema extends z.ZodObject>(
  rules: TransformRules<Schema>,
): TransformRules<Schema> => rules;
