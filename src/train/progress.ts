import type { TrainConfig } from "./config/config.js";
import { penaltyOf, type EpochMetrics, type WatchedMetric } from "./metrics.js";
import { epochsIn } from "./schedules/span.js";
import { initialPlateau, nextPlateau, type PlateauState } from "./schedules/plateau.js";

/** The history of the metric that may end a training early. */
export interface StoppingState {
  /** The least penalty so far; null before the first validation. */
  readonly best: number | null;
  /** Number of validations since then, none of them better. */
  readonly badEpochs: number;
}

/**
 * Where a training stands between two steps: plain data that JSON keeps exactly. With it and the executor's state
 * (parameters, running statistics, and the names in state-names.ts), a training resumes bit for bit.
 */
export interface TrainProgress {
  /** Whole epochs done, validation included. */
  readonly epoch: number;
  /** Steps done in the epoch after those. */
  readonly step: number;
  /** The sums of each training metric over that epoch so far, by name. */
  readonly sums: Readonly<Record<string, readonly number[]>>;
  /** Training samples of that epoch so far. */
  readonly samples: number;
  /** Seconds that the steps of that epoch have taken. */
  readonly seconds: number;
  /** Those in which they waited for their images. Absent in states of earlier versions. */
  readonly waitedSeconds?: number;
  /** The state of a plateau schedule. */
  readonly plateau: PlateauState;
  readonly stopping: StoppingState;
  /** A factor on the learning rate of the schedule. Default 1; callbacks may set it. */
  readonly learningRateScale: number;
}

const startOfEpoch = { step: 0, sums: {}, samples: 0, seconds: 0, waitedSeconds: 0 };

/** Where a training begins. */
export const startOfTraining: TrainProgress = {
  epoch: 0,
  ...startOfEpoch,
  plateau: initialPlateau,
  stopping: { best: null, badEpochs: 0 },
  learningRateScale: 1,
};

/**
 * Where the next epoch begins.
 *
 * @param metrics those of the epoch that ended
 * @param watch finds the metric that the schedule or early stopping names
 */
export function afterEpoch(
  progress: TrainProgress,
  metrics: EpochMetrics,
  { schedule, epochs, earlyStopping }: Pick<TrainConfig, "schedule" | "epochs" | "earlyStopping">,
  watch: (name: string) => WatchedMetric,
): TrainProgress {
  let { plateau, stopping } = progress;
  const isWarm = progress.epoch + 1 > epochsIn(schedule.warmup, epochs); // during warm-up, a plateau must not lower the learning rate
  if (schedule.kind === "plateau" && isWarm) {
    const penalty = penaltyOf(metrics, watch(schedule.metric));
    if (!Number.isNaN(penalty)) plateau = nextPlateau(plateau, penalty, schedule);
  }
  if (earlyStopping) {
    const penalty = penaltyOf(metrics, watch(earlyStopping.metric));
    if (!Number.isNaN(penalty)) stopping = nextStopping(stopping, penalty);
  }
  return { ...progress, ...startOfEpoch, epoch: progress.epoch + 1, plateau, stopping };
}

const nextStopping = ({ best, badEpochs }: StoppingState, penalty: number): StoppingState =>
  best === null || penalty < best
    ? { best: penalty, badEpochs: 0 }
    : { best, badEpochs: badEpochs + 1 };

/** Whether all epochs are done, or early stopping has run out of patience. */
export const isOver = (
  { epoch, stopping }: TrainProgress,
  { epochs, earlyStopping }: Pick<TrainConfig, "epochs" | "earlyStopping">,
): boolean =>
  epoch >= epochs || (earlyStopping !== null && stopping.badEpochs >= earlyStopping.patience);
