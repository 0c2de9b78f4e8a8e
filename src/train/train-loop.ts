import type { Executor, RunInputs } from "../executors/executor.js";
import { namedState, type Module } from "../nn/module.js";
import { ResnetError } from "../tensor/error.js";
import type { BatchSource, OpenView } from "./sources/batch-source.js";
import type { TrainConfig } from "./config/config.js";
import type { EpochMetrics } from "./epoch-metrics.js";
import { epochSteps, stepsPerEpoch } from "./steps/epoch-steps.js";
import { createEvaluator, evaluateViews, type Evaluation } from "./evaluate.js";
import type { MicroBatch } from "./steps/micro-batches.js";
import { readModelState, type ModelState, type StateName } from "./weights/model-state.js";
import { resetOptimizer } from "./optimizers/reset-optimizer.js";
import { parameterGroups } from "./steps/parameter-groups.js";
import { StepRunner, type BatchResult } from "./steps/step-runner.js";
import { createSchedule, type Schedule } from "./schedules/schedule.js";
import {
  afterEpoch,
  afterStep,
  isOver,
  startOfTraining,
  type TrainProgress,
} from "./train-progress.js";
import { trainedWeights } from "./weights/trained-weights.js";

/** Where a training stands, after each step. */
export interface StepProgress {
  /** From 1. */
  readonly epoch: number;
  /** Steps done in this epoch, and steps it has. */
  readonly step: number;
  readonly steps: number;
  /** Mean training loss of this epoch so far, in nats. */
  readonly loss: number;
  /** Share of the epoch's samples so far that were right just before their step, 0 … 1. */
  readonly accuracy: number;
  /** Of this step. */
  readonly learningRate: number;
  /** L2 norm of all gradients of this step together, before they were clipped; null where nothing is clipped. */
  readonly gradientNorm: number | null;
  /** Of this epoch so far, over the time of its steps. */
  readonly imagesPerSecond: number;
}

export interface TrainLoopOptions {
  readonly executor: Executor;
  readonly model: Module;
  readonly config: TrainConfig;
  readonly train: BatchSource;
  readonly valid: BatchSource;
  /**
   * Goes on from here, with the model's, the optimiser's and the averages' state as the executor holds them. Default: the
   * first step, with an optimiser that remembers nothing.
   */
  readonly from?: TrainProgress;
  /** Ends the loop after the step in progress. */
  readonly signal?: AbortSignal;
  /** Called after each step; what it returns is awaited before the next. */
  readonly onStep?: (progress: StepProgress) => unknown;
}

/** What happened in a training. */
export type TrainEvent =
  ({ readonly kind: "step" } & StepProgress) | ({ readonly kind: "epoch" } & EpochMetrics);

/**
 * Trains, and yields the metrics of each epoch. The model's state is in the executor, before, between and after.
 *
 * Everything that can be refused (shapes, sizes, a batch of one on a 1×1 map) is refused by the call itself, before the
 * first step.
 *
 * @throws {ResnetError} while training: `ERR_DIVERGED` if the loss is no longer a number, or the weights are not
 */
export async function trainLoop(options: TrainLoopOptions): Promise<Training> {
  const { executor, model, config, train, valid } = options;
  const groups = parameterGroups(model, config);
  const schedule = createSchedule(
    config.schedule,
    config.epochs,
    stepsPerEpoch(train.rows, config),
  );
  const weightsName = trainedWeights(model, config);
  const { batch, precision } = config;
  const validate = await createEvaluator(executor, model, valid, batch, precision, weightsName);
  const runner = await StepRunner.load(executor, model, config, train, groups);
  if (!options.from) await begin(executor, model, weightsName);
  return new Training(options, schedule, runner, validate, weightsName);
}

/** Forgets what an earlier training left; averages begin as what they are averages of, as PyTorch's `AveragedModel`. */
async function begin(executor: Executor, model: Module, weightsName: StateName): Promise<void> {
  await resetOptimizer(executor);
  for (const name of namedState(model).keys()) {
    const average = weightsName(name);
    if (average !== name) await executor.write(average, await executor.read(name));
  }
}

/**
 * A training under way. Iterate over it for the metrics of each epoch, or over its `events` for every step too. Leaving
 * the iteration stops the training; another one goes on where it stopped.
 */
export class Training implements AsyncIterable<EpochMetrics> {
  #progress: TrainProgress;
  #isStopped = false;
  /** In one epoch. */
  private readonly steps: number;

  constructor(
    private readonly options: TrainLoopOptions,
    private readonly schedule: Schedule,
    private readonly runner: StepRunner,
    private readonly validate: () => Promise<Evaluation>,
    private readonly weightsName: StateName,
  ) {
    this.steps = stepsPerEpoch(options.train.rows, options.config);
    this.#progress = options.from ?? startOfTraining;
  }

  /** Where it stands now: after each step and each epoch. */
  get progress(): TrainProgress {
    return this.#progress;
  }

  /** What the schedule's learning rate is multiplied by from the next step on: 1, unless someone steers. */
  get rateFactor(): number {
    return this.#progress.rateFactor;
  }

  set rateFactor(rateFactor: number) {
    this.#progress = { ...this.#progress, rateFactor };
  }

  /** Ends the iteration after the step in progress. */
  stop(): void {
    this.#isStopped = true;
  }

  /** What the training makes: the model's parameters and statistics, or their averages where they are kept. */
  weights(): Promise<ModelState> {
    const { executor, model } = this.options;
    return readModelState(executor, model, this.weightsName);
  }

  /** Prepares the evaluation of those weights, as they are at each call. */
  evaluator(source: BatchSource): Promise<() => Promise<Evaluation>> {
    const { executor, model, config } = this.options;
    return createEvaluator(
      executor,
      model,
      source,
      config.batch,
      config.precision,
      this.weightsName,
    );
  }

  /** Evaluates `weights()` once, on several views of each image. */
  test(views: readonly OpenView[]): Promise<Evaluation> {
    const { executor, model, config } = this.options;
    return evaluateViews(executor, model, views, config.batch, config.precision, this.weightsName);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<EpochMetrics, void> {
    for await (const event of this.events()) {
      if (event.kind === "step") continue;
      const { kind: _, ...metrics } = event;
      yield metrics;
    }
  }

  /** Every step and every epoch, as they end. */
  async *events(): AsyncGenerator<TrainEvent, void> {
    const { config, onStep } = this.options;
    this.#isStopped = false;
    while (!this.isStopped && !isOver(this.progress, config)) {
      let learningRate = this.learningRateAt(this.stepNumber - 1);
      for await (const step of this.stepsOfEpoch()) {
        ({ learningRate } = step);
        await onStep?.(step);
        yield { kind: "step", ...step };
        if (this.isStopped) return;
      }
      yield { kind: "epoch", ...(await this.endEpoch(learningRate)) };
    }
  }

  private get isStopped(): boolean {
    return this.#isStopped || (this.options.signal?.aborted ?? false);
  }

  private async endEpoch(learningRate: number): Promise<EpochMetrics> {
    const { epoch, sums } = this.progress;
    const { config } = this.options;
    const start = performance.now();
    const isDue = (epoch + 1) % config.evaluateEvery === 0 || epoch + 1 === config.epochs;
    const validation = isDue ? await this.validate() : { loss: NaN, accuracy: NaN };
    const where = `after epoch ${epoch + 1}, at ${named(learningRate)}`;
    if (isDue && !Number.isFinite(validation.loss))
      throw diverged(`validation loss became ${validation.loss}`, where);
    // Else the next step would find out, when these weights are already kept as the last good ones.
    if (!isDue && !(await this.areWeightsFinite()))
      throw diverged("weights are not all finite numbers", where);
    const metrics: EpochMetrics = {
      epoch: epoch + 1,
      trainLoss: sums.loss / sums.seen,
      trainAccuracy: sums.correct / sums.seen,
      validLoss: validation.loss,
      validAccuracy: validation.accuracy,
      imagesPerSecond: sums.seen / sums.seconds,
      learningRate,
      seconds: sums.seconds + (performance.now() - start) / 1000,
    };
    this.#progress = afterEpoch(this.progress, metrics, config);
    return metrics;
  }

  private async areWeightsFinite(): Promise<boolean> {
    const { executor, model } = this.options;
    for (const name of namedState(model).keys()) {
      const { data } = await executor.read(name);
      if (!(data as Float32Array).every(Number.isFinite)) return false;
    }
    return true;
  }

  /** The steps that the epoch still has. */
  private async *stepsOfEpoch(): AsyncGenerator<StepProgress, void> {
    const { config, train } = this.options;
    const { epoch, step } = this.progress;
    let start = performance.now();
    const results: BatchResult[] = [];
    for await (const { batch, inputs } of epochSteps(train, config, epoch, step)) {
      results.push(await this.runBatch(inputs, batch));
      if (!batch.isLast) continue;
      const learningRate = this.learningRateAt(this.stepNumber);
      this.#progress = afterStep(this.progress, results, (performance.now() - start) / 1000);
      const { gradientNorm } = results.at(-1)!;
      results.length = 0;
      const { step: done, sums } = this.progress;
      yield {
        epoch: epoch + 1,
        step: done,
        steps: this.steps,
        loss: sums.loss / sums.seen,
        accuracy: sums.correct / sums.seen,
        learningRate,
        gradientNorm,
        imagesPerSecond: sums.seen / sums.seconds,
      };
      start = performance.now(); // what the caller did with it is no training
    }
  }

  private async runBatch(inputs: RunInputs, batch: MicroBatch): Promise<BatchResult> {
    const rate = this.learningRateAt(this.stepNumber);
    const result = await this.runner.run(inputs, batch, this.stepNumber, rate);
    if (!Number.isFinite(result.loss)) {
      const { epoch, step } = this.progress;
      const where = `in step ${step + 1} of epoch ${epoch + 1}, at ${named(rate)}`;
      throw diverged(`training loss became ${result.loss}`, where);
    }
    return result;
  }

  /** Of the step to come, from 0. */
  private get stepNumber(): number {
    return this.progress.epoch * this.steps + this.progress.step;
  }

  private learningRateAt(step: number): number {
    const { rateFactor, plateau } = this.progress;
    return this.options.config.learningRate * this.schedule(step, plateau) * rateFactor;
  }
}

const named = (rate: number): string => `a learning rate of ${Number(rate.toPrecision(4))}`;

const diverged = (finding: string, where: string): ResnetError =>
  new ResnetError(
    "ERR_DIVERGED",
    `the ${finding} ${where}: try a lower learning rate, a warm-up, or clipped gradients (clipNorm, --clip-norm)`,
  );
