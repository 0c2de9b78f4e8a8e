import type { EpochMetrics } from "./epoch-metrics.js";
import { initialPlateau, nextPlateau, type PlateauState } from "./schedules/plateau.js";
import type { ScheduleConfig } from "./schedules/schedule-config.js";
import { penaltyOf } from "./watched-metric.js";

/** Sums over the samples that an epoch has seen so far. */
export interface EpochSums {
  /** Of the cross-entropy, in nats. */
  readonly loss: number;
  /** Samples that were right just before their step. */
  readonly correct: number;
  readonly seen: number;
}

/**
 * Where a training stands between two steps: plain data that JSON keeps exactly. With it and the executor's state
 * (parameters, running statistics, `optimizer.*`), a training goes on as if it had never stopped, bit for bit.
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
}

const nothing: EpochSums = { loss: 0, correct: 0, seen: 0 };

/** Where a training begins. */
export const startOfTraining: TrainProgress = {
  epoch: 0,
  step: 0,
  sums: nothing,
  plateau: initialPlateau,
};

/** Where the next epoch begins, with what `metrics` of the last one have taught. */
export const nextEpoch = (
  { epoch, plateau }: TrainProgress,
  metrics: EpochMetrics,
  schedule: ScheduleConfig,
): TrainProgress => ({
  epoch: epoch + 1,
  step: 0,
  sums: nothing,
  plateau:
    schedule.kind === "plateau"
      ? nextPlateau(plateau, penaltyOf(metrics, schedule.metric), schedule)
      : plateau,
});
