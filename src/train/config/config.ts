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
  /** Name of the recipe that this started from. */
  recipe: z.string(),
  model: z.string(),
  /** How the model differs from the one of that name. */
  modelOptions: variantSchema.default({}),
  data: z.string(),
  /** Training and validation images, drawn with the seed; null takes all, as `PartSizes` says. */
  trainSize: count.nullable(),
  /** 0 holds none out, and the test images validate. */
  validSize: z.int().min(0).nullable(),
  /** Test images, drawn with the seed; null takes all. */
  testSize: count.nullable(),
  /** Whether training and validation images have each class in its proportion of the whole. */
  stratify: z.boolean().default(false),
  /** In an epoch `shuffle` takes each training image once, `balanced` as many of each class: small classes repeat. */
  sampling: z.enum(["shuffle", "balanced"]).default("shuffle"),
  /** Mean and deviation of each channel, of pixels scaled to 0 … 1. */
  normalize: normalizeSchema,
  /** Whether these are computed from the training images first; `normalize` then says only how many channels there are. */
  normalizeFromData: z.boolean().default(false),
  /** What is done to an image before it is normalized, first to last; evaluation and prediction draw nothing. */
  transforms: z
    .strictObject({
      train: z.array(transformSchema),
      eval: z
        .array(transformSchema)
        .refine((list) => !list.some(isRandom), "a random transform is for training only"),
    })
    .default({ train: [], eval: [] }),
  /** What the test after the training shows of each image; validations show it once, as it is. */
  testViews: testViewsSchema.default(oneView),
  /** Of the weights of convolutions and linear layers: what the model says (He, for most), or Xavier-uniform. */
  initializer: z.enum(["model", "xavier-uniform"]).default("model"),
  /** Validation metrics besides loss and accuracy: `top5` is the accuracy of the first five. */
  metrics: z.array(metricName).default([]),
  epochs: count,
  /** Epochs from one validation to the next; the last epoch is always validated. */
  evaluateEvery: count.default(1),
  batch: count,
  optimizer: z.enum(["sgd", "adam", "adamw"]),
  learningRate: positive,
  /** Of sgd; the others have their betas. */
  momentum: wholeShare,
  /** Whether sgd's step looks ahead along the velocity. */
  nesterov: z.boolean().default(false),
  /** Decay of adam's and adamw's first and second moment. */
  betas: z.tuple([share, share]).default([0.9, 0.999]),
  /** Added to the root of their second moment. */
  eps: z.number().min(0).default(1e-8),
  weightDecay: z.number().min(0),
  /** `weights` spares what has one axis: biases and batch norms. */
  weightDecayOn: z.enum(["all", "weights"]).default("all"),
  /** The norm that all gradients together are scaled down to; null never scales. */
  clipNorm: positive.nullable().default(null),
  /** Parts of the model that keep their values, in evaluation mode. */
  freeze: z.array(z.string()).default([]),
  /** Parts of the model, and what the learning rate is multiplied by there. */
  lrScales: z.record(z.string(), positive).default({}),
  /** The learning rate over time: data, or a short form such as `cosine:5`, which parsing turns into data. */
  schedule: scheduleSchema,
  labelSmoothing: wholeShare,
  /** What an image of each class counts in the loss, 0 or more; `balanced` is the inverse of its frequency, null 1. */
  classWeights: z
    .union([
      z.literal("balanced"),
      z
        .array(z.number().min(0))
        .refine((all) => all.some((weight) => weight > 0), "one of them must be above 0"),
    ])
    .nullable()
    .default(null),
  /** α of the Beta distribution that mixup draws from; null mixes nothing. */
  mixup: alpha.nullable().default(null),
  /** The same of cutmix. With both, each batch draws one of the two. */
  cutmix: alpha.nullable().default(null),
  /** Batches whose gradients make one step. */
  accumulate: count.default(1),
  /** Share of the old average of weights that each step keeps; null keeps none. Averages are validated, saved and tested. */
  emaDecay: share.nullable().default(null),
  /** Ends the training when a metric has not become better for `patience` validations in a row; null never does. */
  earlyStopping: z
    .strictObject({ metric: watchedMetric.default("validLoss"), patience: count })
    .nullable()
    .default(null),
  /** What activations are stored and multiplied in: float32 or bfloat16. */
  precision: z.enum(["fp32", "bf16"]),
  seed: z.int().min(0),
  /** File of weights that the training starts from; null draws them with the seed. */
  init: z.string().nullable().default(null),
  /** What picks `best.safetensors`. */
  bestMetric: watchedMetric.default("validAccuracy"),
  /** Saves after every so many steps, besides after each epoch; null after epochs only. */
  saveEvery: count.nullable().default(null),
  /** Whether the weights of every epoch are kept, as `epoch-005.safetensors`, besides the last and the best. */
  keepEpochs: z.boolean().default(false),
});

const schema = fields.refine(({ nesterov, momentum }) => !nesterov || momentum > 0, {
  path: ["nesterov"],
  message: "looks ahead along a velocity, and momentum is 0",
});

/** A configuration that was checked, with every default filled in. */
export type TrainConfig = z.output<typeof schema>;

/** What may be written: short forms, and no more than what differs from the defaults. */
export type TrainConfigInput = z.input<typeof schema>;

/** What the images are called that validate: people should see when it is the test images. */
export const validationName = ({ validSize }: TrainConfig): "validation" | "test" =>
  validSize === 0 ? "test" : "validation";

/**
 * Checks a configuration, from a recipe, flags or a file.
 *
 * @throws {ResnetError} `ERR_CONFIG` that lists every finding at once
 */
export const parseConfig = (value: unknown): TrainConfig =>
  parseSettings(schema, value, "the training set-up");
