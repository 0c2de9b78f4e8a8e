import { epochBatches, shuffleKey } from "../data/batches.js";
import type { Dataset } from "../data/dataset.js";
import type { Executor, LoadedProgram } from "../executors/executor.js";
import { inputSpecs } from "../executors/store.js";
import type { Module } from "../nn/module.js";
import { plan } from "../planner/plan.js";
import type { EpochMetrics } from "./epoch-metrics.js";
import { ResnetError } from "../tensor/error.js";
import { hostArray } from "../tensor/host-array.js";
import { randomKey } from "../tensor/random.js";
import type { TrainConfig } from "./config.js";
import { createEvaluator, programsBySize, uploadDataset, type Evaluation } from "./evaluate.js";
import { createOptimizer } from "./optimizers/create-optimizer.js";
import { isOptimizerState } from "./optimizers/optimizer.js";
import { createSchedule } from "./schedule.js";
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
  readonly train: Dataset;
  readonly valid: Dataset;
  /** Ends the loop after the step in progress. */
  readonly signal?: AbortSignal;
  readonly onStep?: (progress: StepProgress) => void;
}

/**
 * Trains, and yields the metrics of each epoch. The model's state is in the executor, before, between and after; the
 * optimiser starts anew.
 *
 * Everything that can be refused (shapes, sizes, a batch of one on a 1×1 map) is refused by the call itself, before the
 * first step. An executor holds one training set and one validation set.
 *
 * @throws {ResnetError} while training: `ERR_DIVERGED` if the loss is no longer a number
 */
export function trainLoop(options: TrainLoopOptions): AsyncGenerator<EpochMetrics, void> {
  const { executor, model, config, train, valid } = options;
  const source = uploadDataset(executor, "train", train, config.normalise);
  const validSource = uploadDataset(executor, "valid", valid, config.normalise);
  const { batch, smoothing, precision } = config;
  const { data: validLabels } = valid.labels;
  const validate = createEvaluator(executor, model, validSource, validLabels, batch, precision);
  const programs = programsBySize(executor, (batchSize) =>
    plan(
      "train-step",
      traceTrainStep(model, {
        source,
        batchSize,
        optimizer: createOptimizer(config),
        smoothing,
        precision,
      }),
    ),
  );
  for (const size of new Set([Math.min(batch, source.rows), source.rows % batch || batch]))
    programs(size);
  resetOptimizer(executor);
  return epochs(options, source.rows, programs, validate);
}

async function* epochs(
  { config, signal, onStep }: TrainLoopOptions,
  rowCount: number,
  programs: (batchSize: number) => LoadedProgram,
  validate: () => Promise<Evaluation>,
): AsyncGenerator<EpochMetrics, void> {
  const rows = Int32Array.from({ length: rowCount }, (_, i) => i);
  const steps = Math.ceil(rowCount / config.batch);
  const schedule = createSchedule(config.schedule, config.epochs, steps);
  for (let epoch = 0; epoch < config.epochs; epoch++) {
    const start = performance.now();
    const sums = { loss: 0, correct: 0, seen: 0 };
    const batches = epochBatches(rows, config.batch, shuffleKey(config.seed, epoch));
    for (const [i, indices] of batches.entries()) {
      const step = epoch * steps + i;
      const registers = registersOf(config, step, config.learningRate * schedule(step));
      const { loss, correct } = await runStep(programs(indices.length), indices, registers);
      if (!Number.isFinite(loss)) throw diverged(loss, epoch, i);
      sums.loss += loss * indices.length;
      sums.correct += correct;
      sums.seen += indices.length;
      const imagesPerSecond = (1000 * sums.seen) / (performance.now() - start);
      onStep?.({
        epoch: epoch + 1,
        step: i + 1,
        steps,
        loss: sums.loss / sums.seen,
        imagesPerSecond,
      });
      if (signal?.aborted) return;
    }
    const imagesPerSecond = (1000 * sums.seen) / (performance.now() - start);
    const validation = await validate();
    yield {
      epoch: epoch + 1,
      trainLoss: sums.loss / sums.seen,
      trainAccuracy: sums.correct / sums.seen,
      validLoss: validation.loss,
      validAccuracy: validation.accuracy,
      imagesPerSecond,
      learningRate: config.learningRate * schedule((epoch + 1) * steps - 1),
      seconds: (performance.now() - start) / 1000,
    };
    if (signal?.aborted) return;
  }
}

/** Forgets what an earlier training on this executor left: velocities and moments start at zero. */
function resetOptimizer(executor: Executor): void {
  for (const [name, { shape, dtype }] of executor.states()) {
    if (isOptimizerState(name)) executor.write(name, hostArray(shape, undefined, dtype));
  }
}

type Registers = Readonly<Record<string, ReturnType<typeof hostArray<"i32">> | number>>;

/** Every register that some optimiser or model asks for; a program takes those that it has. */
const registersOf = (config: TrainConfig, step: number, learningRate: number): Registers => ({
  learningRate,
  momentum: config.momentum,
  step: step + 1,
  randomKey: hostArray([2], randomKey(config.seed, "step", step), "i32"),
});

async function runStep(
  program: LoadedProgram,
  indices: Int32Array,
  registers: Registers,
): Promise<{ readonly loss: number; readonly correct: number }> {
  const taken = [...inputSpecs(program.program).keys()].filter((name) => name in registers);
  const { loss, correct } = await program.run({
    indices: hostArray([indices.length], indices, "i32"),
    ...Object.fromEntries(taken.map((name) => [name, registers[name]!])),
  });
  return { loss: loss!.data[0]!, correct: correct!.data[0]! };
}

const diverged = (loss: number, epoch: number, step: number): ResnetError =>
  new ResnetError(
    "ERR_DIVERGED",
    `the training loss became ${loss} in step ${step + 1} of epoch ${epoch + 1}: try a lower learning rate`,
  );
