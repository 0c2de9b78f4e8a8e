import type { LabelledImages } from "../data/labelled-images.js";
import { createExecutor } from "../executors/create-executor.js";
import type { Executor } from "../executors/executor.js";
import { findModel } from "../models/catalog.js";
import type { Module } from "../nn/module.js";
import { parseConfig, type TrainConfigInput } from "./config/config.js";
import type { EpochMetrics } from "./epoch-metrics.js";
import type { Evaluation } from "./evaluate.js";
import { firstWeights } from "./weights/first-weights.js";
import { ImageSources, type FileReading } from "./sources/image-sources.js";
import { writeModelState, type ModelState } from "./weights/model-state.js";
import { settleNormalise } from "./config/settle-normalise.js";
import { trainLoop, type TrainEvent, type Training } from "./train-loop.js";
import { isBest } from "./config/watched-metric.js";

export interface TrainOptions extends FileReading {
  /** Default: the fastest that the machine has, closed at the end. */
  readonly executor?: Executor;
  /** First weights, such as those of a checkpoint. Default: what the configuration says, by `init` or with its seed. */
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
  /** Those of the epoch that `bestMetric` picks; of the end, where no epoch was validated. */
  readonly best: ModelState;
  /** Of the last weights; null without test images, or where `signal` ended the training. */
  readonly test: Evaluation | null;
}

/** What a training learns from, is validated by and, where there is something, tested on. */
export interface TrainData {
  readonly train: LabelledImages;
  readonly valid: LabelledImages;
  readonly test?: LabelledImages;
}

/**
 * Trains a model of the catalogue as a configuration says, and tests it: `resnet train` without its directory.
 * `trainLoop` is the same for an own model or other sources of images.
 *
 *     const { test } = await train(config, await loadParts(config.data, config));
 *
 * @param config a recipe's, with what is to be different; which images there are, `data` alone says
 * @throws {ResnetError} `ERR_CONFIG`, `ERR_MODEL`, `ERR_DIVERGED`, and what `trainLoop` refuses
 */
export async function train(
  config: TrainConfigInput,
  data: TrainData,
  options: TrainOptions = {},
): Promise<TrainResult> {
  const settings = await settleNormalise(parseConfig(config), data.train, options.workers);
  const makeModel = findModel(settings.model, settings.modelOptions);
  const executor = options.executor ?? (await createExecutor());
  const sources = new ImageSources(executor, settings, options);
  try {
    const train = await sources.open("train", data.train);
    const valid = await sources.open("valid", data.valid);
    const [, , channels] = valid.imageShape;
    const model = makeModel({ classes: data.train.classes.length, channels });
    const first = options.weights ?? (await firstWeights(model, settings)).state;
    await writeModelState(executor, model, first);
    const { signal } = options;
    const training = await trainLoop({
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
        epochs.push(metrics);
        if (isBest(epochs, settings.bestMetric)) best = await training.weights();
      }
      await options.onEvent?.(event, training);
    }
    const tests = signal?.aborted ? undefined : data.test;
    const test = tests
      ? await training.test(sources.testViews("test", tests, settings.testViews))
      : null;
    const weights = await training.weights();
    return { model, epochs, weights, best: best ?? weights, test };
  } finally {
    await sources.close();
    if (!options.executor) await executor.close();
  }
}
