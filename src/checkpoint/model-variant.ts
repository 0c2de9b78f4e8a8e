import { z } from "zod";
import { createModel, type VariantOptions } from "../models/catalog.js";
import type { Module } from "../nn/module.js";
import { parseSettings } from "../data/parse-settings.js";

const share = z.number().min(0).max(1);

const fields = {
  width: z.int().min(1).max(4096).exactOptional(),
  stem: z.enum(["imagenet", "cifar"]).exactOptional(),
  shortcut: z.enum(["A", "B"]).exactOptional(),
  strideOn: z.enum(["3x3", "1x1"]).exactOptional(),
  pool: z.enum(["max", "avg"]).exactOptional(),
  zeroLastNorm: z.boolean().exactOptional(),
  stochasticDepth: share.exactOptional(),
  dropout: share.exactOptional(),
};

/** Options of a model as plain data. The catalogue states which model has which options. */
export const variantSchema = z.strictObject(fields, {
  error: ({ code }) =>
    code === "unrecognized_keys"
      ? `the options of models are ${Object.keys(fields).join(", ")}`
      : undefined,
}) satisfies z.ZodType<VariantOptions>;

/** Checks options from a command line or a file. @throws {ResnetError} `ERR_CONFIG` that lists every finding */
export const parseVariant = (value: unknown): VariantOptions =>
  parseSettings(variantSchema, value, "the model's set of options");

/** The part of a checkpoint's description that determines the model. */
export interface DescribedModel {
  readonly model: string;
  readonly modelOptions?: VariantOptions | undefined;
  readonly classes: readonly string[];
  /** Height, width and channels. */
  readonly imageShape: readonly [number, number, number];
}

/** The model of a checkpoint. @throws {ResnetError} `ERR_MODEL` if the catalogue does not have it */
export const modelOf = ({ model, modelOptions, classes, imageShape }: DescribedModel): Module =>
  createModel(model, { ...modelOptions, classes: classes.length, channels: imageShape[2] });

/** The model's name in messages, with its options: `cifar-resnet20 with width 32, shortcut B`. */
export function nameOf({
  model,
  modelOptions = {},
}: Pick<DescribedModel, "model" | "modelOptions">): string {
  const options = Object.entries(modelOptions).map(([name, value]) => `${name} ${value}`);
  return options.length > 0 ? `${model} with ${options.join(", ")}` : model;
}
