import { UsageError } from "../tensor/error.js";
import { parseConfig, type TrainConfigInput } from "./config/config.js";
import { batchesOfEpoch } from "./epoch-batches.js";
import { lossMetric } from "./metrics.js";
import { setUp } from "./set-up.js";
import type { TrainData, TrainOptions } from "./train.js";
import type { Training } from "./training.js";

/** One step of a search. */
export interface LearningRateTrial {
  readonly learningRate: number;
  /** Before the step, in nats. */
  readonly loss: number;
  /** The running mean of the losses; each step has the weight 0.1. */
  readonly smoothedLoss: number;
}

export interface LearningRateSearch {
  readonly trials: readonly LearningRateTrial[];
  /** The learning rate at which the loss falls fastest before its minimum; null if it does not fall. */
  readonly suggestion: number | null;
}

export interface LearningRateSearchOptions extends Omit<TrainOptions, "metrics"> {
  /** The first and the last learning rate. Defaults 1e-6 and 1. */
  readonly from?: number;
  readonly to?: number;
  /** Default 100. */
  readonly steps?: number;
  readonly onTrial?: (trial: LearningRateTrial) => void;
}

const smoothing = 0.9;
/** A loss that exceeds the best one by this factor has diverged. */
const divergence = 4;

/**
 * Trains for some steps while the learning rate grows by equal factors from very small to very large: a good peak is
 * where the loss falls fastest. Ends early if the loss diverges. Of callbacks, `onStart` is called.
 *
 * Source: Smith 2015, arXiv:1506.01186, §3.3; the end as in PyTorch Lightning's `lr_find`.
 *
 * @throws {ResnetError} `ERR_CONFIG` if the limits are not in order; the codes of `train`
 */
export async function findLearningRate(
  config: TrainConfigInput,
  data: TrainData,
  options: LearningRateSearchOptions = {},
): Promise<LearningRateSearch> {
  const { signal, onTrial, from = 1e-6, to = 1, steps = 100 } = options;
  if (!(from > 0 && to > from && steps >= 2)) {
    throw new UsageError(
      "ERR_CONFIG",
      `a search of learning rates needs 0 < from < to and 2 steps, not from ${from} to ${to} in ${steps}`,
    );
  }
  const rates = Array.from({ length: steps }, (_, i) => from * (to / from) ** (i / (steps - 1)));
  const setup = await setUp(parseConfig(config), data, options);
  const { session, training } = setup;
  try {
    await session.start(await setup.firstWeights());
    for (const callback of options.callbacks ?? []) await callback.onStart?.(training);
    const trials: LearningRateTrial[] = [];
    let [mean, best] = [0, Infinity];
    for await (const { learningRate, loss } of stepsAt(rates, training)) {
      mean = smoothing * mean + (1 - smoothing) * loss;
      const smoothedLoss = mean / (1 - smoothing ** (trials.length + 1));
      if (!(smoothedLoss <= divergence * best)) break; // also for NaN
      best = Math.min(best, smoothedLoss);
      trials.push({ learningRate, loss, smoothedLoss });
      onTrial?.(trials.at(-1)!);
      if (signal?.aborted) break;
    }
    return { trials, suggestion: steepest(trials) };
  } finally {
    await setup.close();
  }
}

/** One step at each rate, over as many epochs as that takes: those of a training with this configuration. */
async function* stepsAt(
  rates: readonly number[],
  { session, config, train }: Training,
): AsyncGenerator<{ readonly learningRate: number; readonly loss: number }, void> {
  let step = 0;
  const mean = lossMetric();
  for (let epoch = 0; ; epoch++) {
    for await (const batch of batchesOfEpoch(train, config, epoch)) {
      const learningRate = rates[step]!;
      const result = batch.endsStep
        ? await session.step(batch, { learningRate })
        : await session.accumulate(batch);
      mean.update(result);
      if (!batch.endsStep) continue;
      yield { learningRate, loss: mean.compute() };
      mean.reset();
      if (++step === rates.length) return;
    }
  }
}

/**
 * The rate around which a line through the losses falls most; the running mean would lag behind. Losses after the
 * least running mean are ignored: a loss that exploded and recovers falls fastest of all.
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
