import { balancedClassWeights } from "../data/labels.js";
import { DataError } from "../data/data-error.js";
import { labelsOf } from "../data/image-files.js";
import { createExecutor } from "../executors/create-executor.js";
import { scopeOf } from "../executors/scope.js";
import { findModel } from "../models/catalog.js";
import { UsageError } from "../tensor/error.js";
import { printableList } from "../tensor/printable.js";
import type { TrainConfig } from "./config/config.js";
import { resolveNormalization } from "./config/resolve-normalization.js";
import type { Evaluation } from "./evaluate.js";
import { metricNamed, type Metric } from "./metrics.js";
import { crossEntropy } from "./loss.js";
import { createOptimizer } from "./optimizers.js";
import { Session } from "./session.js";
import type { SessionOptions } from "./session-options.js";
import { ImageSources } from "./sources/image-sources.js";
import type { TrainData, TrainOptions } from "./train.js";
import { Training } from "./training.js";
import { initialState, type ModelState } from "../checkpoint/model-state.js";

/** The parts that `train` works with. */
export interface TrainSetup {
  readonly session: Session;
  readonly training: Training;
  firstWeights(): Promise<ModelState>;
  /** Tests the last weights; null if there are no test images. */
  test(): Promise<Evaluation | null>;
  close(): Promise<void>;
}

/** Opens executor and data, makes the model, and loads all programs: everything that can be refused is refused here. */
export async function setUp(
  configuration: TrainConfig,
  data: TrainData,
  options: TrainOptions,
): Promise<TrainSetup> {
  requireImages(data);
  const config = await resolveNormalization(configuration, data.train, options.files);
  const { testViews } = config;
  const owner = options.executor ?? (await createExecutor());
  const executor = scopeOf(owner); // what another training left in the executor has no part in this one
  const sources = new ImageSources(executor, config, options.files);
  const opened: { close(): Promise<void> }[] = [executor, sources];
  if (!options.executor) opened.unshift(owner);
  try {
    const train = await sources.open("train", data.train);
    const valid = await sources.open("valid", data.valid);
    const [, , channels] = valid.imageShape;
    const { classes } = data.train;
    const model =
      options.model ??
      findModel(config.model, config.modelOptions)({ classes: classes.length, channels });
    const metrics = [...config.metrics.map(metricNamed), ...(options.metrics ?? [])];
    const asked = sessionOptions(config, metrics, train.labels);
    const session = new Session(executor, model, asked);
    opened.push(session);
    await session.prepare(train, config.batch, config.accumulate);
    await session.prepareEvaluation(valid, config.batch);
    const { signal, weights = initialState(model, config.seed, config.initializer) } = options;
    return {
      session,
      training: new Training(session, config, { train, valid, classes, metrics, signal }),
      firstWeights: async () => (typeof weights === "function" ? weights(model) : weights),
      async test() {
        if (!data.test) return null;
        const views = sources.testViews("test", data.test, testViews);
        return session.evaluateViews(views, config.batch);
      },
      close: () => closeAll(opened),
    };
  } catch (error) {
    await closeAll(opened).catch(() => {}); // the first error counts
    throw error;
  }
}

/**
 * How a session trains as a configuration says. Evaluations report the plain cross-entropy.
 *
 * @param labels those of the training images
 */
function sessionOptions(
  config: TrainConfig,
  metrics: readonly Metric[],
  labels: Int32Array,
): SessionOptions {
  return {
    ...config,
    metrics,
    optimizer: createOptimizer(config),
    loss: crossEntropy({
      labelSmoothing: config.labelSmoothing,
      classWeights: classWeightsOf(config, labels),
    }),
    evaluationLoss: crossEntropy(),
  };
}

/** The weight of each class in the loss, as a function of the number of classes; null if all weigh 1. */
function classWeightsOf(
  { classWeights }: TrainConfig,
  labels: Int32Array,
): ((classes: number) => readonly number[]) | null {
  if (classWeights === null) return null;
  if (classWeights === "balanced") return (classes) => balancedClassWeights(labels, classes);
  return (classes) => {
    if (classWeights.length === classes) return classWeights;
    throw new UsageError(
      "ERR_CONFIG",
      `classWeights has ${classWeights.length} numbers, and there are ${classes} classes: give one for each`,
    );
  };
}

/** Closes all, the last opened first, also if one of them fails. @throws the first failure */
async function closeAll(opened: readonly { close(): Promise<void> }[]): Promise<void> {
  const failures: unknown[] = [];
  for (const each of opened.toReversed())
    await each.close().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

/** @throws {DataError} `ERR_DATA_ROWS` without training images; `ERR_DATA_LABEL` if they are all of one class */
function requireImages({ train, valid }: TrainData): void {
  const { name, classes } = train;
  const held = labelsOf(valid).length;
  if (labelsOf(train).length === 0) {
    throw new DataError(
      "ERR_DATA_ROWS",
      `${name}: no image is left to train on, as ${held} validate: give more images`,
    );
  }
  if (classes.length < 2) {
    throw new DataError(
      "ERR_DATA_LABEL",
      `${name}: all images are of one class, ${printableList(classes)}, so there is nothing to tell apart: ` +
        "give images of two classes at least, in a folder the folders of which are the classes",
    );
  }
}
