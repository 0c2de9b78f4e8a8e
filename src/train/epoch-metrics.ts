/** What is known after an epoch: one line of a run's `metrics.jsonl`. */
export interface EpochMetrics {
  /** Counted from 1. */
  readonly epoch: number;
  /** Mean cross-entropy over the epoch's training samples, in nats. */
  readonly trainLoss: number;
  /** Share of the epoch's training samples that were right just before their step, 0 … 1. */
  readonly trainAccuracy: number;
  /** Mean cross-entropy over the validation samples after the epoch, in nats; NaN where it was not validated. */
  readonly validLoss: number;
  /** Share of the validation samples that are classified correctly, 0 … 1; NaN likewise. */
  readonly validAccuracy: number;
  /** Training images per second of the time that steps took, without validation and saving. */
  readonly imagesPerSecond: number;
  /** At the epoch's last step. */
  readonly learningRate: number;
  /** Duration of the epoch's steps and of its validation. */
  readonly seconds: number;
}
