import { ResnetError, UsageError } from "../tensor/error.js";
import type { StepProgress } from "./callbacks.js";
import type { TrainConfig } from "./config/config.js";
import { batchesOfEpoch, stepsPerEpoch, type Batch } from "./epoch-batches.js";
import type { Evaluation } from "./evaluate.js";
import {
  isBest,
  metricKey,
  standardMetrics,
  type EpochMetrics,
  type Metric,
  type WatchedMetric,
} from "./metrics.js";
import { afterEpoch, isOver, startOfTraining, type TrainProgress } from "./progress.js";
import { createSchedule, type Schedule } from "./schedules/schedule.js";
import type { Session } from "./session.js";
import type { BatchResult } from "./session-options.js";
import type { BatchSource } from "./sources/batch-source.js";

export interface TrainingOptions {
  readonly train: BatchSource;
  readonly valid: BatchSource;
  /** Names of the classes, in the order of the labels. */
  readonly classes: readonly string[];
  /** Validation metrics besides loss and accuracy. */
  readonly metrics: readonly Metric[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Where a training stands: what `train` counts and what callbacks read. Between two steps, `progress` and `epochs` with the
 * executor's state are all that a later process needs to go on bit for bit.
 */
export class Training {
  #progress: TrainProgress = startOfTraining;
  #epochs: readonly EpochMetrics[] = [];
  #isStopped = false;
  #learningRate = NaN;
  /** Training metrics of the epoch in progress. */
  private readonly metrics = standardMetrics();
  private readonly schedule: Schedule;
  /** Steps in an epoch. */
  readonly steps: number;

  /** @throws {ResnetError} `ERR_CONFIG` if the configuration watches a metric that does not exist */
  constructor(
    readonly session: Session,
    readonly config: TrainConfig,
    private readonly options: TrainingOptions,
  ) {
    this.steps = stepsPerEpoch(options.train.rows, config);
    this.schedule = createSchedule(config.schedule, config.epochs, this.steps);
    const { bestMetric, earlyStopping, schedule } = config;
    this.watch(bestMetric);
    if (earlyStopping) this.watch(earlyStopping.metric);
    if (schedule.kind === "plateau") this.watch(schedule.metric);
  }

  /** The training images. */
  get train(): BatchSource {
    return this.options.train;
  }

  /** The validation images. */
  get valid(): BatchSource {
    return this.options.valid;
  }

  /** Names of the classes, in the order of the labels. */
  get classes(): readonly string[] {
    return this.options.classes;
  }

  /** `[H, W, C]` that the model sees when it is evaluated. */
  get imageShape(): readonly [number, number, number] {
    return this.options.valid.imageShape;
  }

  get progress(): TrainProgress {
    return this.#progress;
  }

  /** Metrics of the epochs so far. */
  get epochs(): readonly EpochMetrics[] {
    return this.#epochs;
  }

  /** Whether the last epoch is the best so far, by `bestMetric`. */
  get isBestEpoch(): boolean {
    return isBest(this.#epochs, this.watch(this.config.bestMetric));
  }

  /** Whether nothing is left to do: all epochs are done, early stopping ended the training, or someone stopped it. */
  get isOver(): boolean {
    return this.isStopped || isOver(this.#progress, this.config);
  }

  /** Whether `stop` was called or the signal was given. */
  get isStopped(): boolean {
    return this.#isStopped || (this.options.signal?.aborted ?? false);
  }

  /** Ends the training after the step in progress. */
  stop(): void {
    this.#isStopped = true;
  }

  /** A factor on the learning rate of the schedule, from the next step on. */
  get learningRateScale(): number {
    return this.#progress.learningRateScale;
  }

  set learningRateScale(learningRateScale: number) {
    this.#progress = { ...this.#progress, learningRateScale };
  }

  /** Whether it begins with the first step: no callback has restored an earlier training. */
  get isNew(): boolean {
    return this.#progress === startOfTraining;
  }

  /** Goes on where an earlier training stood. Its state must be in the executor. */
  restore(progress: TrainProgress, epochs: readonly EpochMetrics[]): void {
    this.#progress = progress;
    this.#epochs = epochs;
    for (const metric of this.metrics) metric.sums = progress.sums[metric.name] ?? [];
    this.session.steps = this.stepNumber;
    if (progress.step > 0) this.#learningRate = this.learningRateAt(this.stepNumber - 1);
  }

  /** The batches that the epoch still has. */
  batches(): AsyncGenerator<Batch, void> {
    const { epoch, step } = this.#progress;
    return batchesOfEpoch(this.options.train, this.config, epoch, step);
  }

  /** The scalars of the next step. */
  get next(): { readonly learningRate: number } {
    return { learningRate: this.learningRateAt(this.stepNumber) };
  }

  /** Counts a batch that was run. @throws {ResnetError} `ERR_DIVERGED` if its loss is not finite */
  update(result: BatchResult): void {
    this.#learningRate = this.next.learningRate;
    if (!Number.isFinite(result.loss)) {
      const { epoch, step } = this.#progress;
      throw this.diverged(
        `the training loss became ${result.loss} in step ${step + 1} of epoch ${epoch + 1}`,
      );
    }
    for (const metric of this.metrics) metric.update(result);
    const { samples } = this.#progress;
    this.#progress = { ...this.#progress, samples: samples + result.samples };
  }

  /**
   * @param seconds that the step took
   * @param waited those of them in which it waited for its images
   */
  endStep({ gradientNorm }: BatchResult, seconds: number, waited = 0): StepProgress {
    const before = this.#progress;
    this.#progress = {
      ...before,
      step: before.step + 1,
      seconds: before.seconds + seconds,
      waitedSeconds: (before.waitedSeconds ?? 0) + waited,
      sums: Object.fromEntries(this.metrics.map(({ name, sums }) => [name, sums])),
    };
    const [loss = NaN, accuracy = NaN] = this.metrics.map((metric) => metric.compute());
    return {
      epoch: before.epoch + 1,
      step: before.step + 1,
      steps: this.steps,
      loss,
      accuracy,
      learningRate: this.#learningRate,
      gradientNorm,
      imagesPerSecond: this.#progress.samples / this.#progress.seconds,
      waiting: this.waiting,
    };
  }

  /** The validation that is due after the epoch, or null. @throws {ResnetError} `ERR_DIVERGED` */
  async validate(): Promise<Evaluation | null> {
    const { evaluateEvery, epochs } = this.config;
    const epoch = this.#progress.epoch + 1;
    if (epoch % evaluateEvery !== 0 && epoch !== epochs) {
      // The next step would find out, when these weights are already saved as the last good ones.
      if (!(await this.session.isFinite()))
        throw this.diverged(`the weights are not finite after epoch ${epoch}`);
      return null;
    }
    const evaluation = await this.session.evaluate(this.options.valid, this.config.batch);
    if (!Number.isFinite(evaluation.loss))
      throw this.diverged(`the validation loss became ${evaluation.loss} after epoch ${epoch}`);
    return evaluation;
  }

  /** @param seconds that the validation took */
  endEpoch(evaluation: Evaluation | null, seconds: number): EpochMetrics {
    const { epoch, samples, seconds: stepSeconds } = this.#progress;
    const train = this.metrics.map((each) => [metricKey("train", each.name), each.compute()]);
    const valid = this.validMetrics.map(({ name }) => [
      metricKey("valid", name),
      evaluation?.metrics[name] ?? NaN,
    ]);
    const metrics = {
      epoch: epoch + 1,
      ...(Object.fromEntries([...train, ...valid]) as Record<
        "trainLoss" | "trainAccuracy" | "validLoss" | "validAccuracy",
        number
      >),
      imagesPerSecond: samples / stepSeconds,
      waiting: this.waiting,
      learningRate: this.#learningRate,
      seconds: stepSeconds + seconds,
    };
    this.#epochs = [...this.#epochs, metrics];
    this.#progress = afterEpoch(this.#progress, metrics, this.config, (name) => this.watch(name));
    for (const metric of this.metrics) metric.reset();
    return metrics;
  }

  /** The fraction of the time of this epoch's steps in which they waited for images. */
  private get waiting(): number {
    const { seconds, waitedSeconds = 0 } = this.#progress;
    return seconds > 0 ? waitedSeconds / seconds : 0;
  }

  private get stepNumber(): number {
    return this.#progress.epoch * this.steps + this.#progress.step;
  }

  private learningRateAt(step: number): number {
    const { plateau, learningRateScale } = this.#progress;
    return this.config.learningRate * this.schedule(step, plateau) * learningRateScale;
  }

  private get validMetrics(): readonly Metric[] {
    return [...standardMetrics(), ...this.options.metrics];
  }

  /** The metric of an epoch that has this name. */
  private watch(name: string): WatchedMetric {
    const all = [
      ...this.metrics.map((each) => ({ key: metricKey("train", each.name), each })),
      ...this.validMetrics.map((each) => ({ key: metricKey("valid", each.name), each })),
    ];
    const found = all.find(({ key }) => key === name);
    if (found) return { name, better: found.each.better };
    const names = all.map(({ key }) => key).join(", ");
    throw new UsageError(
      "ERR_CONFIG",
      `there is no metric "${name}" to watch: choose one of ${names}`,
    );
  }

  private diverged(finding: string): ResnetError {
    const rate = Number(this.#learningRate.toPrecision(4));
    return new ResnetError(
      "ERR_DIVERGED",
      `${finding}, at a learning rate of ${rate}: try a lower learning rate, a warm-up, or clipped gradients (clipNorm, --clip-norm)`,
    );
  }
}
