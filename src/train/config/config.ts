import { z } from "zod";
import { isRandom, transformSchema } from "../../data/transforms/transform.js";
import { oneView, testViewsSchema } from "../../data/transforms/test-views.js";
import { normalizeSchema } from "../../checkpoint/normalize-schema.js";
import { variantSchema } from "../../checkpoint/model-variant.js";
import { scheduleSchema } from "../schedules/schedule-config.js";
import { parseSettings } from "../../data/parse-settings.js";
import { metricName, watchedMetric } from "./metric-names.js";

const positive = z.number().positive();
const count = z.int().min(1);
const share = z.number().min(0).lt(1);
const wholeShare = z.number().min(0).max(1);
const alpha = z.number().min(0.05).max(8);

/** Everything that decides what a training does. Plain data: printed, overridden by flags, saved in `config.json`. */
const fields = z.strictObject({
  /** Name of the recipe that the configuration started from. */
  recipe: z.string(),
  model: z.string(),
  /** Options that change the model. */
  modelOptions: variantSchema.default({}),
  data: z.string(),
  /** Number of training and validation images, drawn with the seed; null uses all (see `PartSizes`). */
  trainSize: count.nullable(),
  /** Number of validation images; with 0 the test images validate. */
  validSize: z.int().min(0).nullable(),
  /** Number of test images, drawn with the seed; null uses all. */
  testSize: count.nullable(),
  /** Whether training and validation images have the proportions of classes of the whole. */
  stratify: z.boolean().default(false),
  /**
   * `shuffle` uses each training image once in an epoch, `balanced` the same number of each class: small classes
   * repeat.
   */
  sampling: z.enum(["shuffle", "balanced"]).default("shuffle"),
  /** Mean and deviation of each channel, for pixels scaled to 0 … 1. */
  normalize: normalizeSchema,
  /**
   * Whether `normalize` is computed from the training images; its given value then only states the number of
   * channels.
   */
  normalizeFromData: z.boolean().default(false),
  /** Transforms of an image before it is normalized, in order; evaluation and prediction skip random ones. */
  transforms: z
    .strictObject({
      train: z.array(transformSchema),
      eval: z
        .array(transformSchema)
        .refine((list) => !list.some(isRandom), "a random transform is for training only"),
    })
    .default({ train: [], eval: [] }),
  /** Views of each image in the test after the training; validations use the image itself. */
  testViews: testViewsSchema.default(oneView),
  /**
   * Initialization of the weights of convolutions and linear layers: the model's own (He, for most), or
   * Xavier-uniform.
   */
  initializer: z.enum(["model", "xavier-uniform"]).default("model"),
  /** Validation metrics besides loss and accuracy: `top5` is the accuracy of the first five. */
  metrics: z.array(metricName).default([]),
  epochs: count,
  /** Number of epochs between validations; the last epoch is always validated. */
  evaluateEvery: count.default(1),
  batch: count,
  optimizer: z.enum(["sgd", "adam", "adamw"]),
  learningRate: positive,
  /** Momentum of sgd; adam and adamw use `betas`. */
  momentum: wholeShare,
  /** Whether sgd uses Nesterov momentum. */
  nesterov: z.boolean().default(false),
  /** Decay of the first and second moment of adam and adamw. */
  betas: z.tuple([share, share]).default([0.9, 0.999]),
  /** Added to the root of the second moment of adam and adamw. */
  eps: z.number().min(0).default(1e-8),
  weightDecay: z.number().min(0),
  /** `weights` excludes parameters with one axis: biases and batch norms. */
  weightDecayOn: z.enum(["all", "weights"]).default("all"),
  /** Largest norm of all gradients together; larger ones are scaled down. Null does not clip. */
  clipNorm: positive.nullable().default(null),
  /** Parts of the model that are not trained, and stay in evaluation mode. */
  freeze: z.array(z.string()).default([]),
  /** Factors on the learning rate by part of the model. */
  lrScales: z.record(z.string(), positive).default({}),
  /** The learning rate over time: data, or a short form such as `cosine:5`, which is parsed into data. */
  schedule: scheduleSchema,
  labelSmoothing: wholeShare,
  /**
   * Weight of an image of each class in the loss, 0 or more; `balanced` is the inverse of the class's frequency,
   * null 1.
   */
  classWeights: z
    .union([
      z.literal("balanced"),
      z
        .array(z.number().min(0))
        .refine((all) => all.some((weight) => weight > 0), "one of them must be above 0"),
    ])
    .nullable()
    .default(null),
  /** α of mixup's Beta distribution; null turns mixup off. */
  mixup: alpha.nullable().default(null),
  /** α of cutmix's Beta distribution; null turns cutmix off. With both, each batch draws one of the two. */
  cutmix: alpha.nullable().default(null),
  /** Number of batches whose gradients are accumulated in one step. */
  accumulate: count.default(1),
  /** Decay of the moving average of the weights, which is then validated, saved and tested; null keeps no average. */
  emaDecay: share.nullable().default(null),
  /** Ends the training when a metric has not improved for `patience` validations in a row; null never does. */
  earlyStopping: z
    .strictObject({ metric: watchedMetric.default("validLoss"), patience: count })
    .nullable()
    .default(null),
  /** Precision of activations and products: float32 or bfloat16. */
  precision: z.enum(["fp32", "bf16"]),
  seed: z.int().min(0),
  /** File of the initial weights; null draws them with the seed. */
  init: z.string().nullable().default(null),
  /** The metric that chooses `best.safetensors`. */
  bestMetric: watchedMetric.default("validAccuracy"),
  /** Number of steps between saves, besides those after each epoch; null saves after epochs only. */
  saveEvery: count.nullable().default(null),
  /** Whether the weights of every epoch are kept, as `epoch-005.safetensors`. */
  keepEpochs: z.boolean().default(false),
});

const schema = fields.refine(({ nesterov, momentum }) => !nesterov || momentum > 0, {
  path: ["nesterov"],
  message: "looks ahead along a velocity, and momentum is 0",
});

/** A checked configuration with all defaults. */
export type TrainConfig = z.output<typeof schema>;

/** A configuration as users write it: with short forms, and without fields that have their default. */
export type TrainConfigInput = z.input<typeof schema>;

/** The name of the validating images in messages, which shows if they are the test images. */
export const validationName = ({ validSize }: TrainConfig): "validation" | "test" =>
  validSize === 0 ? "test" : "validation";

/**
 * Checks a configuration, from a recipe, flags or a file.
 *
 * @throws {ResnetError} `ERR_CONFIG` that lists every finding at once
 */
export const parseConfig = (value: unknown): TrainConfig =>
  parseSettings(schema, value, "the training set-up");
