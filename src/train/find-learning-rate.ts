import type { Executor } from "../executors/executor.js";
import type { Module } from "../nn/module.js";
import { ResnetError } from "../tensor/error.js";
import type { BatchSource } from "./sources/batch-source.js";
import type { TrainConfig } from "./config/config.js";
import { epochSteps } from "./steps/epoch-steps.js";
import { readModelState, writeModelState } from "./weights/model-state.js";
import { resetOptimizer } from "./optimizers/reset-optimizer.js";
import { parameterGroups } from "./steps/parameter-groups.js";
import { StepRunner } from "./steps/step-runner.js";

/** One step of a search. */
export interface LearningRateTrial {
  readonly learningRate: number;
  /** Before the step, in nats. */
  readonly loss: number;
  /** The running mean of losses so far, of which a step makes up a tenth. */
  readonly smoothedLoss: number;
}

export interface LearningRateSearch {
  readonly trials: readonly LearningRateTrial[];
  /** Where the loss falls fastest on the way to its least; null if it did not fall. */
  readonly suggestion: number | null;
}

export interface LearningRateSearchOptions {
  readonly executor: Executor;
  readonly model: Module;
  readonly config: TrainConfig;
  readonly train: BatchSource;
  /** The first rate and the last. Defaults 1e-6 and 1. */
  readonly from?: number;
  readonly to?: number;
  /** Default 100. */
  readonly steps?: number;
  /** Ends the search after the step in progress. */
  readonly signal?: AbortSignal;
  readonly onTrial?: (trial: LearningRateTrial) => void;
}

const smoothing = 0.9;
/** A loss so many times the best has diverged. */
const divergence = 4;

/**
 * Trains for some steps while the learning rate grows from very small to very large by equal factors: a good peak is where
 * the loss falls fastest. Ends early where the loss diverges. The model's state is afterwards what it was before.
 *
 * Source: Smith 2015, arXiv:1506.01186, §3.3; the end as in PyTorch Lightning's `lr_find`.
 *
 * @throws {ResnetError} `ERR_CONFIG` for limits that are none
 */
export async function findLearningRate(
  options: LearningRateSearchOptions,
): Promise<LearningRateSearch> {
  const { executor, model, config, train, signal, onTrial } = options;
  const { from = 1e-6, to = 1, steps = 100 } = options;
  if (!(from > 0 && to > from && steps >= 2)) {
    throw new ResnetError(
      "ERR_CONFIG",
      `a search of learning rates needs 0 < from < to and 2 steps, not from ${from} to ${to} in ${steps}`,
    );
  }
  const rates = Array.from({ length: steps }, (_, i) => from * (to / from) ** (i / (steps - 1)));
  const groups = parameterGroups(model, config);
  const runner = await StepRunner.load(executor, model, config, train, groups);
  const before = await readModelState(executor, model);
  await resetOptimizer(executor);
  try {
    const trials: LearningRateTrial[] = [];
    let [mean, best] = [0, Infinity];
    for await (const { learningRate, loss } of stepsAt(rates, runner, config, train)) {
      mean = smoothing * mean + (1 - smoothing) * loss;
      const smoothedLoss = mean / (1 - smoothing ** (trials.length + 1));
      if (!(smoothedLoss <= divergence * best)) break; // so for NaN, too
      best = Math.min(best, smoothedLoss);
      trials.push({ learningRate, loss, smoothedLoss });
      onTrial?.(trials.at(-1)!);
      if (signal?.aborted) break;
    }
    return { trials, suggestion: steepest(trials) };
  } finally {
    await writeModelState(executor, model, before);
  }
}

/** One step at each rate, over as many epochs as it takes: those of a training with this configuration. */
async function* stepsAt(
  rates: readonly number[],
  runner: StepRunner,
  config: TrainConfig,
  train: BatchSource,
): AsyncGenerator<{ readonly learningRate: number; readonly loss: number }, void> {
  let step = 0;
  for (let epoch = 0; ; epoch++) {
    let sums = { loss: 0, seen: 0 };
    for await (const { batch, inputs } of epochSteps(train, config, epoch)) {
      const learningRate = rates[step]!;
      const { loss, seen } = await runner.run(inputs, batch, step, learningRate);
      sums = { loss: sums.loss + loss, seen: sums.seen + seen };
      if (!batch.isLast) continue;
      yield { learningRate, loss: sums.loss / sums.seen };
      sums = { loss: 0, seen: 0 };
      if (++step === rates.length) return;
    }
  }
}

/**
 * The rate around which a line through the losses falls most; the running mean would lag behind. What comes after the
 * least running mean does not count: a loss that blew up and recovers falls fastest of all.
 *
 * @returns null if it falls nowhere
 */
export function steepest(all: readonly LearningRateTrial[]): number | null {
  const least = Math.min(...all.map(({ smoothedLoss }) => smoothedLoss));
  const trials = all.slice(0, all.findIndex(({ smoothedLoss }) => smoothedLoss === least) + 1);
  return steepestOf(trials, Math.max(2, Math.round(all.length / 20)));
}

function steepestOf(trials: readonly LearningRateTrial[], reach: number): number | null {
  const around = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  let [found, least]: [number | null, number] = [null, 0];
  for (let i = reach; i < trials.length - reach; i++) {
    const slope = around.reduce((sum, k) => sum + k * trials[i + k]!.loss, 0);
    if (slope < least) [found, least] = [trials[i]!.learningRate, slope];
  }
  return found;
}
