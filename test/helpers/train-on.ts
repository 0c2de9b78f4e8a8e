import type { Dataset } from "../../src/data/dataset.js";
import type { Executor } from "../../src/executors/executor.js";
import type { Module } from "../../src/nn/module.js";
import type { Callback, StepProgress, TrainResult } from "../../src/train/callbacks.js";
import type { TrainConfig } from "../../src/train/config/config.js";
import type { EpochMetrics } from "../../src/train/metrics.js";
import type { TrainProgress } from "../../src/train/progress.js";
import { train, type TrainOptions } from "../../src/train/train.js";
import type { Training } from "../../src/train/training.js";
import {
  initialState,
  readModelState,
  writeModelState,
  type ModelState,
} from "../../src/checkpoint/model-state.js";
import type { TensorSpec } from "../../src/tensor/shape.js";
import { randomDataset } from "./random-dataset.js";
import { TinyModel } from "./tiny-model.js";

export interface TrainedOn extends TrainResult {
  readonly steps: readonly StepProgress[];
  /** The model's own weights after the last step, which `weights` are not where averages are kept. */
  readonly state: ModelState;
  /** What the executor keeps for the training at its end. */
  readonly states: ReadonlyMap<string, TensorSpec>;
}

export interface TrainOnOptions extends Omit<TrainOptions, "executor" | "model"> {
  readonly data?: { readonly train: Dataset; readonly valid: Dataset; readonly test?: Dataset };
  /** Where an earlier training stood. The weights are the first ones, unless a callback restores others. */
  readonly from?: { readonly progress: TrainProgress; readonly epochs: readonly EpochMetrics[] };
}

/** Ten rows to train on and six to validate with. */
export const tinyData = () => ({ train: randomDataset(10, 1), valid: randomDataset(6, 2) });

/** Trains a tiny model in an executor, from the first weights of its seed, and collects every step. */
export async function trainOn(
  executor: Executor,
  config: TrainConfig,
  model: Module = new TinyModel(),
  { data = tinyData(), from, callbacks = [], ...options }: TrainOnOptions = {},
): Promise<TrainedOn> {
  const steps: StepProgress[] = [];
  let state: ModelState = new Map();
  let states: ReadonlyMap<string, TensorSpec> = new Map();
  const collect: Callback = {
    async onSetUp(training: Training) {
      if (!from) return;
      await writeModelState(training.session.executor, model, initialState(model, config.seed));
      training.restore(from.progress, from.epochs);
    },
    onStep: (step: StepProgress) => steps.push(step),
    async onStop({ session }: Training) {
      state = await readModelState(session.executor, model);
      states = session.executor.states();
    },
  };
  const result = await train(config, data, {
    executor,
    model,
    weights: initialState(model, config.seed),
    ...options,
    callbacks: [collect, ...callbacks],
  });
  return { ...result, steps, state, states };
}
