import { z } from "zod";
import {
  centerCrop,
  cutout,
  horizontalFlip,
  randomCrop,
  randomErasing,
  randomHorizontalFlip,
  randomVerticalFlip,
  translate,
} from "./placing-transforms.js";
import type { TransformRules } from "./define-transform.js";
import { colorJitter, grayscale, randomGrayscale } from "./color-transforms.js";
import { randAugment, trivialAugmentWide } from "./rand-augment.js";
import { randomAffine, randomRotation } from "./random-affine.js";
import { randomResizedCrop, resize } from "./resize.js";

/** Every transform, by its type. A new one needs a line here. */
const rules = {
  resize,
  centerCrop,
  translate,
  horizontalFlip,
  randomResizedCrop,
  randomCrop,
  randomHorizontalFlip,
  randomVerticalFlip,
  randomErasing,
  cutout,
  randomRotation,
  randomAffine,
  colorJitter,
  grayscale,
  randomGrayscale,
  randAugment,
  trivialAugmentWide,
} as const;

type AnySchema = (typeof rules)[keyof typeof rules]["schema"];

/** One step from a data set's image to a model's input: plain data, distinguished by `type`. */
export const transformSchema = z.discriminatedUnion(
  "type",
  Object.values(rules).map(({ schema }) => schema) as [AnySchema, ...AnySchema[]],
);

export type Transform = z.output<typeof transformSchema>;

/** A transform as a user writes it: fields with a default may be left out. */
export type TransformInput = z.input<typeof transformSchema>;

/** The transforms of a data set, first to last. */
export type TransformList = readonly Transform[];

/** The rules of a transform's type. */
export const rulesOf = ({ type }: Transform): TransformRules<z.ZodObject> =>
  rules[type] as unknown as TransformRules<z.ZodObject>;

/** The names of all transforms. */
export const transformTypes: readonly string[] = Object.keys(rules);

export const schemaOf = (type: string): z.ZodObject | undefined =>
  Object.hasOwn(rules, type) ? rules[type as keyof typeof rules].schema : undefined;

/** Whether it draws random numbers. */
export const isRandom = (transform: Transform): boolean => rulesOf(transform).isRandom;
