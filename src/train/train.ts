import type { LabelledImages } from "../data/image-files.js";
import type { Executor } from "../executors/executor.js";
import type { Module } from "../nn/module.js";
import { checkOptions } from "../tensor/check-options.js";
import { BestWeights, type Callback, type TrainResult } from "./callbacks.js";
import { parseConfig, type TrainConfigInput } from "./config/config.js";
import type { Metric } from "./metrics.js";
import { setUp } from "./set-up.js";
import type { FileOpener } from "./sources/image-sources.js";
import type { ModelState } from "../checkpoint/model-state.js";

/** The images that a training learns from, is validated with and, if given, tested on. */
export interface TrainData {
  readonly train: LabelledImages;
  readonly valid: LabelledImages;
  readonly test?: LabelledImages;
}

export interface TrainOptions {
  /**
   * Default: the fastest that there is, closed at the end. Of one that is passed in, the training uses a scope: it meets
   * nothing of another training, and leaves nothing behind.
   */
  readonly executor?: Executor;
  /** A network of your own. Default: the one that the configuration names. */
  readonly model?: Module;
  /** First weights, or a function that reads them when they are needed. Default: random ones, drawn with the seed. */
  readonly weights?: ModelState | ((model: Module) => Promise<ModelState>);
  /** Validation metrics besides loss, accuracy, and those that the configuration names. */
  readonly metrics?: readonly Metric[];
  readonly callbacks?: readonly Callback[];
  /** Ends the training after the step in progress. */
  readonly signal?: AbortSignal;
  /** Opens images that are in files. Default: such images are refused. */
  readonly files?: FileOpener;
}

/** The names of the options of `train`. */
export const trainOptionNames: readonly (keyof TrainOptions)[] = [
  "executor",
  "model",
  "weights",
  "metrics",
  "callbacks",
  "signal",
  "files",
];

/**
 * Trains a model as a configuration says, validates it after each epoch, and tests it.
 *
 *     const { test } = await train(findRecipe("fashion-resnet34").config, { train: images, valid, test: tests });
 *
 * @throws {ResnetError} `ERR_CONFIG`, `ERR_MODEL`, `ERR_DATA_…`, before the first step; `ERR_DIVERGED` if the loss or the
 *   weights become infinite or NaN
 */
export async function train(
  config: TrainConfigInput,
  data: TrainData,
  options: TrainOptions = {},
): Promise<TrainResult> {
  checkOptions("train", options, trainOptionNames);
  const setup = await setUp(parseConfig(config), data, options);
  const { training, session } = setup;
  const best = new BestWeights();
  const callbacks: readonly Callback[] = [best, ...(options.callbacks ?? [])];
  try {
    for (const callback of callbacks) await callback.onSetUp?.(training);
    if (training.isNew) await session.start(await setup.firstWeights());
    for (const callback of callbacks) await callback.onStart?.(training);

    while (!training.isOver) {
      let start = performance.now();
      let waited = 0;
      for await (const [batch, seconds] of timed(training.batches())) {
        waited += seconds;
        const result = batch.endsStep
          ? await session.step(batch, training.next)
          : await session.accumulate(batch);
        training.update(result);
        if (!batch.endsStep) continue;
        const step = training.endStep(result, secondsSince(start), waited);
        for (const callback of callbacks) await callback.onStep?.(step, training);
        if (training.isStopped) break;
        start = performance.now();
        waited = 0;
      }
      if (training.isStopped) break;

      start = performance.now();
      const validation = await training.validate();
      const epoch = training.endEpoch(validation, secondsSince(start));
      for (const callback of callbacks) await callback.onEpoch?.(epoch, training);
    }
    for (const callback of callbacks) await callback.onStop?.(training);

    const isComplete = !training.isStopped;
    const test = isComplete ? await setup.test() : null;
    const weights = await session.weights();
    const { progress, epochs } = training;
    const { model } = session;
    const result = { model, progress, epochs, weights, best: best.weights ?? weights, test };
    if (isComplete) for (const callback of callbacks) await callback.onEnd?.(result, training);
    return result;
  } finally {
    await setup.close();
  }
}

/** Each value with the seconds that it was waited for. */
async function* timed<Value>(
  values: AsyncIterable<Value>,
): AsyncGenerator<readonly [value: Value, seconds: number], void> {
  let start = performance.now();
  for await (const value of values) {
    yield [value, secondsSince(start)];
    start = performance.now();
  }
}

const secondsSince = (start: number): number => (performance.now() - start) / 1000;
