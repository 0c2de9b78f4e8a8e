import type { TrainConfig } from "./config/config.js";
import type { EpochMetrics } from "./epoch-metrics.js";
import { epochsIn } from "./schedules/span.js";
import { initialPlateau, nextPlateau, type PlateauState } from "./schedules/plateau.js";
import { penaltyOf, type WatchedMetric } from "./config/watched-metric.js";

/** Sums over the samples that an epoch has seen so far. */
export interface EpochSums {
  /** Of the cross-entropy, in nats. */
  readonly loss: number;
  /** Samples that were right just before their step. */
  readonly correct: number;
  readonly seen: number;
  /** That the steps took. */
  readonly seconds: number;
}

/** How the metric that may end a training has gone. */
export interface StoppingState {
  /** The least penalty so far; null before the first epoch. */
  readonly best: number | null;
  /** Validations in a row that were no better; epochs, of a metric that every epoch has. */
  readonly badEpochs: number;
}

/**
 * Where a training stands between two steps: plain data that JSON keeps exactly. With it and the executor's state
 * (parameters, running statistics, what state-names.ts names), a training goes on as if it had never stopped, bit for bit.
 */
export interface TrainProgress {
  /** Whole epochs done, validated. */
  readonly epoch: number;
  /** Steps done in the epoch after those. */
  readonly step: number;
  /** Of that epoch. */
  readonly sums: EpochSums;
  /** What a schedule that watches a metric has seen. */
  readonly plateau: PlateauState;
  readonly stopping: StoppingState;
  /** What the schedule's learning rate is multiplied by. */
  readonly rateFactor: number;
}

const nothing: EpochSums = { loss: 0, correct: 0, seen: 0, seconds: 0 };

/** Where a training begins. */
export const startOfTraining: TrainProgress = {
  epoch: 0,
  step: 0,
  sums: nothing,
  plateau: initialPlateau,
  stopping: { best: null, badEpochs: 0 },
  rateFactor: 1,
};

/** Where the step after the present one begins, with what its micro-batches gave and how long they took. */
export function afterStep(
  progress: TrainProgress,
  results: readonly Omit<EpochSums, "seconds">[],
  seconds: number,
): TrainProgress {
  const sums = results.reduce(
    (before: EpochSums, { loss, correct, seen }) => ({
      loss: before.loss + loss,
      correct: before.correct + correct,
      seen: before.seen + seen,
      seconds: before.seconds,
    }),
    { ...progress.sums, seconds: progress.sums.seconds + seconds },
  );
  return { ...progress, step: progress.step + 1, sums };
}

/** Where the next epoch begins, with what `metrics` of the last one have taught. */
export function afterEpoch(
  progress: TrainProgress,
  metrics: EpochMetrics,
  { schedule, epochs, earlyStopping }: Pick<TrainConfig, "schedule" | "epochs" | "earlyStopping">,
): TrainProgress {
  const { epoch, plateau, stopping } = progress;
  const isWarm = epoch + 1 > epochsIn(schedule.warmup, epochs); // the plateau does not look at the warm-up
  return {
    ...progress,
    epoch: epoch + 1,
    step: 0,
    sums: nothing,
    plateau:
      schedule.kind === "plateau" && isWarm && isKnown(metrics, schedule.metric)
        ? nextPlateau(plateau, penaltyOf(metrics, schedule.metric), schedule)
        : plateau,
    stopping:
      earlyStopping && isKnown(metrics, earlyStopping.metric)
        ? nextStopping(stopping, penaltyOf(metrics, earlyStopping.metric))
        : stopping,
  };
}

/** An epoch that was not validated teaches nothing. */
const isKnown = (metrics: EpochMetrics, metric: WatchedMetric): boolean =>
  !Number.isNaN(penaltyOf(metrics, metric));

const nextStopping = ({ best, badEpochs }: StoppingState, penalty: number): StoppingState =>
  best === null || penalty < best
    ? { best: penalty, badEpochs: 0 }
    : { best, badEpochs: badEpochs + 1 };

/** Whether there is nothing left to do: all epochs are done, or a metric has not become better for too long. */
export const isOver = (
  { epoch, stopping }: TrainProgress,
  { epochs, earlyStopping }: Pick<TrainConfig, "epochs" | "earlyStopping">,
): boolean =>
  epoch >= epochs || (earlyStopping !== null && stopping.badEpochs >= earlyStopping.patience);
