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
}

const nothing: EpochSums = { loss: 0, correct: 0, seen: 0 };

/** Where an epoch begins, counted from 0. */
export const startOfEpoch = (epoch: number): TrainProgress => ({ epoch, step: 0, sums: nothing });
