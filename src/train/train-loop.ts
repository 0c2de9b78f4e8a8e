import { epochBatches, shuffleKey } from "../data/batches.js";
import type { Executor, LoadedProgram, RunInputs } from "../executors/executor.js";
import { inputSpecs } from "../executors/store.js";
import type { Module } from "../nn/module.js";
import { plan } from "../planner/plan.js";
import { ResnetError } from "../tensor/error.js";
import { hostArray } from "../tensor/host-array.js";
import { randomKey } from "../tensor/random.js";
import type { BatchSource } from "./batch-source.js";
import type { TrainConfig } from "./config.js";
import type { EpochMetrics } from "./epoch-metrics.js";
import { createEvaluator, programsBySize, type Evaluation } from "./evaluate.js";
import { createOptimizer } from "./optimizers/create-optimizer.js";
import { isOptimizerState } from "./optimizers/optimizer.js";
import { createSchedule, type Schedule } from "./schedules/schedule.js";
import { nextEpoch, startOfTraining, type TrainProgress } from "./train-progress.js";
import { traceTrainStep } from "./train-step.js";

/** Where a training stands, after each step. */
export interface StepProgress {
  /** From 1. */
  readonly epoch: number;
  /** Steps done in this epoch, and steps it has. */
  readonly step: number;
  readonly steps: number;
  /** Mean training loss of this epoch so far, in nats. */
  readonly loss: number;
  readonly imagesPerSecond: number;
}

export interface TrainLoopOptions {
  readonly executor: Executor;
  readonly model: Module;
  readonly config: TrainConfig;
  readonly train: BatchSource;
  readonly valid: BatchSource;
  /**
   * Goes on from here, with the model's and the optimiser's state as the executor holds them. Default: the first step,
   * with an optimiser that remembers nothing.
   */
  readonly from?: TrainProgress;
  /** Ends the loop after the step in progress. */
  readonly signal?: AbortSignal;
  /** Called after each step; what it returns is awaited before the next. */
  readonly onStep?: (progress: StepProgress) => unknown;
}

/**
 * Trains, and yields the metrics of each epoch. The model's state is in the executor, before, between and after.
 *
 * Everything that can be refused (shapes, sizes, a batch of one on a 1×1 map) is refused by the call itself, before the
 * first step.
 *
 * @throws {ResnetError} while training: `ERR_DIVERGED` if the loss is no longer a number
 */
export const trainLoop = (options: TrainLoopOptions): Training => new Training(options);

/** A training under way: iterate over it once, for the metrics of each epoch. */
export class Training implements AsyncIterable<EpochMetrics> {
  #progress: TrainProgress;
  private readonly rows: Int32Array;
  /** In one epoch. */
  private readonly steps: number;
  private readonly schedule: Schedule;
  private readonly programs: (batchSize: number) => LoadedProgram;
  private readonly validate: () => Promise<Evaluation>;

  constructor(private readonly options: TrainLoopOptions) {
    const { executor, model, config, train, valid, from } = options;
    const { batch, smoothing, precision } = config;
    this.rows = Int32Array.from({ length: train.rows }, (_, i) => i);
    this.steps = Math.ceil(train.rows / batch);
    this.schedule = createSchedule(config.schedule, config.epochs, this.steps);
    this.validate = createEvaluator(executor, model, valid, batch, precision);
    const optimizer = createOptimizer(config);
    this.programs = programsBySize(executor, (batchSize) =>
      plan(
        "train-step",
        traceTrainStep(model, { source: train, batchSize, optimizer, smoothing, precision }),
      ),
    );
    for (const size of new Set([Math.min(batch, train.rows), train.rows % batch || batch]))
      this.programs(size);
    if (!from) resetOptimizer(executor);
    this.#progress = from ?? startOfTraining;
  }

  /** Where it stands now: after each step, in `onStep`, and after each epoch. */
  get progress(): TrainProgress {
    return this.#progress;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<EpochMetrics, void> {
    const { config, signal } = this.options;
    while (this.progress.epoch < config.epochs) {
      const start = performance.now();
      const imagesPerSecond = await this.runSteps();
      if (signal?.aborted) return;
      const { epoch, sums } = this.progress;
      const validation = await this.validate();
      const metrics: EpochMetrics = {
        epoch: epoch + 1,
        trainLoss: sums.loss / sums.seen,
        trainAccuracy: sums.correct / sums.seen,
        validLoss: validation.loss,
        validAccuracy: validation.accuracy,
        imagesPerSecond,
        learningRate: this.learningRateAt((epoch + 1) * this.steps - 1),
        seconds: (performance.now() - start) / 1000,
      };
      this.#progress = nextEpoch(this.progress, metrics, config.schedule);
      yield metrics;
      if (signal?.aborted) return;
    }
  }

  /** The steps that the epoch still has. @returns their images per second */
  private async runSteps(): Promise<number> {
    const { config, train, signal, onStep } = this.options;
    const { epoch, step, sums } = this.progress;
    const order = epochBatches(this.rows, config.batch, shuffleKey(config.seed, epoch));
    const batches = order.slice(step);
    const start = performance.now();
    let imagesPerSecond = 0;
    for await (const inputs of train.batches(batches, randomKey(config.seed, "augment", epoch))) {
      await this.runStep(inputs, order[this.progress.step]!.length);
      const { step: done, sums: now } = this.progress;
      imagesPerSecond = (1000 * (now.seen - sums.seen)) / (performance.now() - start);
      const loss = now.loss / now.seen;
      await onStep?.({ epoch: epoch + 1, step: done, steps: this.steps, loss, imagesPerSecond });
      if (signal?.aborted) break;
    }
    return imagesPerSecond;
  }

  private async runStep(inputs: RunInputs, samples: number): Promise<void> {
    const { epoch, step, sums } = this.progress;
    const program = this.programs(samples);
    const registers = this.registersOf(epoch * this.steps + step);
    const taken = Object.keys(registers).filter((name) => inputSpecs(program.program).has(name));
    const outputs = await program.run({
      ...inputs,
      ...Object.fromEntries(taken.map((name) => [name, registers[name]!])),
    });
    const loss = outputs["loss"]!.data[0]!;
    if (!Number.isFinite(loss)) throw diverged(loss, epoch, step);
    this.#progress = {
      ...this.progress,
      step: step + 1,
      sums: {
        loss: sums.loss + loss * samples,
        correct: sums.correct + outputs["correct"]!.data[0]!,
        seen: sums.seen + samples,
      },
    };
  }

  /** Every register that some optimiser or model asks for; a program takes those that it has. */
  private registersOf(step: number): RunInputs {
    const { momentum, seed } = this.options.config;
    return {
      learningRate: this.learningRateAt(step),
      momentum,
      step: step + 1,
      randomKey: hostArray([2], randomKey(seed, "step", step), "i32"),
    };
  }

  private learningRateAt(step: number): number {
    return this.options.config.learningRate * this.schedule(step, this.progress.plateau);
  }
}

/** Forgets what an earlier training on this executor left: velocities and moments start at zero. */
function resetOptimizer(executor: Executor): void {
  for (const [name, { shape, dtype }] of executor.states()) {
    if (isOptimizerState(name)) executor.write(name, hostArray(shape, undefined, dtype));
  }
}

const diverged = (loss: number, epoch: number, step: number): ResnetError =>
  new ResnetError(
    "ERR_DIVERGED",
    `the training loss became ${loss} in step ${step + 1} of epoch ${epoch + 1}: try a lower learning rate`,
  );
