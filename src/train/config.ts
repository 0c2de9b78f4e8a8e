import { z } from "zod";
import { isRandom, transformSchema } from "../data/transforms/transform.js";
import { ResnetError } from "../tensor/error.js";
import { scheduleSchema } from "./schedules/schedule-config.js";
import { watchedMetric } from "./watched-metric.js";

const positive = z.number().positive();
const count = z.int().min(1);

/** Everything that decides what a training does. Plain data: printed, overridden by flags, saved in `config.json`. */
const schema = z.strictObject({
  /** Name of the recipe that this started from. */
  recipe: z.string(),
  model: z.string(),
  data: z.string(),
  /** Training and validation images, drawn with the seed from the data set's training part. */
  trainSize: count,
  validSize: count,
  /** Test images, drawn with the seed; null takes all. */
  testSize: count.nullable(),
  /** Mean and deviation of each channel, of pixels scaled to 0 … 1. */
  normalise: z.strictObject({ mean: z.array(z.number()), std: z.array(positive) }),
  /** What is done to an image before it is normalised, first to last; evaluation and prediction draw nothing. */
  transforms: z
    .strictObject({
      train: z.array(transformSchema),
      eval: z
        .array(transformSchema)
        .refine((list) => !list.some(isRandom), "a random transform is for training only"),
    })
    .default({ train: [], eval: [] }),
  epochs: count,
  batch: count,
  optimizer: z.enum(["sgd", "adam", "adamw"]),
  learningRate: positive,
  /** Of sgd; the others have their betas. */
  momentum: z.number().min(0).lt(1),
  weightDecay: z.number().min(0),
  /** The learning rate over time: data, or a short form such as `cosine:5`, which parsing turns into data. */
  schedule: scheduleSchema,
  smoothing: z.number().min(0).lt(1),
  /** What activations are stored and multiplied in: float32 or bfloat16. */
  precision: z.enum(["fp32", "bf16"]),
  seed: z.int().min(0),
  /** What picks `best.safetensors`. */
  bestMetric: watchedMetric.extract(["validAccuracy", "validLoss"]).default("validAccuracy"),
  /** Saves after every so many steps, besides after each epoch; null after epochs only. */
  saveEvery: count.nullable().default(null),
});

/** A configuration that was checked, with every default filled in. */
export type TrainConfig = z.output<typeof schema>;

/** What may be written: short forms, and no more than what differs from the defaults. */
export type TrainConfigInput = z.input<typeof schema>;

/**
 * Checks a configuration, from a recipe, flags or a file.
 *
 * @throws {ResnetError} `ERR_CONFIG` that lists every finding at once
 */
export function parseConfig(value: unknown): TrainConfig {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const findings = result.error.issues.map(({ path, message }) =>
    path.length > 0
      ? `${path.join(".")} is ${JSON.stringify(valueAt(value, path))}: ${message}`
      : message,
  );
  throw new ResnetError("ERR_CONFIG", `the training set-up is off: ${findings.join("; ")}`);
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce(
    (inner: unknown, key) => (inner as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key],
    value,
  );
