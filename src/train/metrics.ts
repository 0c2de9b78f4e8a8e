/** The results of a batch, or of a whole evaluation. */
export interface MetricBatch {
  readonly samples: number;
  /** Mean cross-entropy of the samples, in nats. */
  readonly loss: number;
  /** Samples whose first largest logit is at their label. */
  readonly correct: number;
  /**
   * For each sample, how many classes come before its label in the order of the logits: 0 is a hit. Evaluations have
   * it; training steps do not, because their logits stay in the executor.
   */
  readonly ranks?: ArrayLike<number>;
}

/** A number that sums up an epoch, batch by batch. */
export interface Metric {
  /** In camel case: `top5` becomes `validTop5` in the metrics of an epoch. */
  readonly name: string;
  /** Which of two values is the better one. */
  readonly better: "lower" | "higher";
  update(batch: MetricBatch): void;
  /** The value over all batches since the last reset; NaN before the first. */
  compute(): number;
  reset(): void;
  /** Plain numbers that `compute` works on: a training that resumes within an epoch sets them. */
  sums: readonly number[];
}

/** The mean over samples of what each batch adds up to. */
class MeanMetric implements Metric {
  #total = 0;
  #samples = 0;

  constructor(
    readonly name: string,
    readonly better: "lower" | "higher",
    private readonly totalOf: (batch: MetricBatch) => number,
  ) {}

  update(batch: MetricBatch): void {
    this.#total += this.totalOf(batch);
    this.#samples += batch.samples;
  }

  compute(): number {
    return this.#total / this.#samples;
  }

  reset(): void {
    this.sums = [];
  }

  get sums(): readonly number[] {
    return [this.#total, this.#samples];
  }

  set sums([total = 0, samples = 0]: readonly number[]) {
    this.#total = total;
    this.#samples = samples;
  }
}

/** Mean cross-entropy, in nats. */
export const lossMetric = (): Metric =>
  new MeanMetric("loss", "lower", ({ loss, samples }) => loss * samples);

/** Fraction of samples whose first largest logit is at their label, 0 … 1. */
export const accuracyMetric = (): Metric =>
  new MeanMetric("accuracy", "higher", ({ correct }) => correct);

/** Fraction of samples whose label is among the `k` largest logits, 0 … 1. For evaluations. */
export const topKMetric = (k: number): Metric =>
  new MeanMetric(`top${k}`, "higher", ({ ranks }) => (ranks ? hitsWithin(ranks, k) : NaN));

/** The metric of a name that configurations know: `top5`. */
export const metricNamed = (name: string): Metric => topKMetric(Number(name.slice("top".length)));

/** Samples with fewer than `k` classes before their label. */
export function hitsWithin(ranks: ArrayLike<number>, k: number): number {
  let hits = 0;
  for (let i = 0; i < ranks.length; i++) hits += Number(ranks[i]! < k);
  return hits;
}

/** Loss and accuracy. */
export const standardMetrics = (): readonly Metric[] => [lossMetric(), accuracyMetric()];

/** One epoch of a training: one line of a run's `metrics.jsonl`. */
export interface EpochMetrics {
  /** Counted from 1. */
  readonly epoch: number;
  /** Mean cross-entropy of the training samples before their steps, in nats. */
  readonly trainLoss: number;
  /** Fraction of the training samples that were classified correctly before their steps, 0 … 1. */
  readonly trainAccuracy: number;
  /** Mean cross-entropy of the validation samples after the epoch, in nats; NaN if the epoch was not validated. */
  readonly validLoss: number;
  /** Fraction of the validation samples that are classified correctly, 0 … 1; NaN if the epoch was not validated. */
  readonly validAccuracy: number;
  /** Any other metric. */
  readonly [metric: `train${string}` | `valid${string}`]: number;
  /** Training images per second of the time that the steps took, without validation and callbacks. */
  readonly imagesPerSecond: number;
  /** Fraction of that time in which steps waited for their images, 0 … 1. Absent in runs of earlier versions. */
  readonly waiting?: number;
  /** The learning rate of the last step. */
  readonly learningRate: number;
  /** Seconds that the steps and the validation took. */
  readonly seconds: number;
}

/** A metric of an epoch by its name, such as `validLoss`, and which of two values is the better one. */
export interface WatchedMetric {
  readonly name: string;
  readonly better: "lower" | "higher";
}

/** `validTop5` for the metric `top5`. */
export const metricKey = (
  part: "train" | "valid",
  name: string,
): `train${string}` | `valid${string}` => `${part}${name[0]!.toUpperCase()}${name.slice(1)}`;

/** The value as a number that is better when it is lower; NaN if the epoch does not have the metric. */
export function penaltyOf(metrics: EpochMetrics, { name, better }: WatchedMetric): number {
  const value = metrics[name as keyof EpochMetrics] ?? NaN;
  return better === "higher" ? -value : value;
}

/** Whether the last epoch is better than each one before it. An epoch without the metric is not. */
export function isBest(epochs: readonly EpochMetrics[], metric: WatchedMetric): boolean {
  const penalties = epochs.map((metrics) => penaltyOf(metrics, metric));
  const last = penalties.pop() ?? NaN;
  return !Number.isNaN(last) && !penalties.some((penalty) => penalty <= last);
}
