import type { Dataset } from "../data/dataset.js";
import { createExecutor } from "../executors/create-executor.js";
import type { Executor } from "../executors/executor.js";
import { findModel } from "../models/catalog.js";
import type { Module } from "../nn/module.js";
import { residentSource } from "./batch-source.js";
import { parseConfig, type TrainConfigInput } from "./config.js";
import type { EpochMetrics } from "./epoch-metrics.js";
import type { Evaluation } from "./evaluate.js";
import { initialState, writeModelState, type ModelState } from "./model-state.js";
import { trainLoop, type TrainEvent, type Training } from "./train-loop.js";
import { penaltyOf } from "./watched-metric.js";

export interface TrainOptions {
  /** Default: the fastest that the machine has, closed at the end. */
  readonly executor?: Executor;
  /** First weights, such as those of a checkpoint. Default: the model's initialisation with the configuration's seed. */
  readonly weights?: ModelState;
  /** Ends the training after the step in progress. */
  readonly signal?: AbortSignal;
  /** Called after each step and each epoch, and awaited; may steer the training or stop it. */
  readonly onEvent?: (event: TrainEvent, training: Training) => unknown;
}

/** What a training made. */
export interface TrainResult {
  readonly model: Module;
  readonly epochs: readonly EpochMetrics[];
  /** After the last step: parameters and statistics, or their averages where the configuration keeps them. */
  readonly weights: ModelState;
  /** Those of the epoch that `bestMetric` picks; of the end, before the first epoch is over. */
  readonly best: ModelState;
  /** Of the last weights; null without test images. */
  readonly test: Evaluation | null;
}

/**
 * Trains a model of the catalogue as a configuration says, on images in memory, and tests it: `resnet train` without its
 * directory. `trainLoop` is the same for an own model or other sources of images.
 *
 * @param config a recipe's, with what is to be different; its sizes of parts are not asked for
 * @throws {ResnetError} `ERR_CONFIG`, `ERR_MODEL`, `ERR_DIVERGED`, and what `trainLoop` refuses
 */
export async function train(
  config: TrainConfigInput,
  data: { readonly train: Dataset; readonly valid: Dataset; readonly test?: Dataset },
  options: TrainOptions = {},
): Promise<TrainResult> {
  const settings = parseConfig(config);
  const makeModel = findModel(settings.model, settings.modelOptions);
  const executor = options.executor ?? createExecutor();
  const open = (name: "train" | "valid" | "test", images: Dataset) => {
    const transforms = settings.transforms[name === "train" ? "train" : "eval"];
    return residentSource(executor, name, images, { ...settings.normalise, transforms });
  };
  try {
    const [train, valid] = [open("train", data.train), open("valid", data.valid)];
    const [, , channels] = valid.imageShape;
    const model = makeModel({ classes: data.train.classes.length, channels });
    writeModelState(executor, model, options.weights ?? initialState(model, settings.seed));
    const { signal } = options;
    const training = trainLoop({
      executor,
      model,
      config: settings,
      train,
      valid,
      ...(signal && { signal }),
    });
    const epochs: EpochMetrics[] = [];
    let best: ModelState | null = null;
    for await (const event of training.events()) {
      if (event.kind === "epoch") {
        const { kind: _, ...metrics } = event;
        const penalty = penaltyOf(metrics, settings.bestMetric);
        if (epochs.every((each) => penalty < penaltyOf(each, settings.bestMetric)))
          best = training.weights();
        epochs.push(metrics);
      }
      await options.onEvent?.(event, training);
    }
    const test = data.test ? await training.evaluator(open("test", data.test))() : null;
    const weights = training.weights();
    return { model, epochs, weights, best: best ?? weights, test };
  } finally {
    if (!options.executor) await executor.close();
  }
}
