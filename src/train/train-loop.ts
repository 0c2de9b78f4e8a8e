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
import { createEvaluator, programsBySize, uploadDataset } from "./evaluate.js";
import { createOptimizer } from "./optimizers/create-optimizer.js";
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
 * Trains, and yields the metrics of each epoch. The model's state is in the executor, before, between and after.
 *
 * @throws {ResnetError} `ERR_DIVERGED` if the loss is no longer a number
 */
export async function* trainLoop(options: TrainLoopOptions): AsyncGenerator<EpochMetrics, void> {
  const { executor, model, config, train, valid, signal, onStep } = options;
  const source = uploadDataset(executor, "train", train, config.normalise);
  const validSource = uploadDataset(executor, "valid", valid, config.normalise);
  const validate = createEvaluator(executor, model, validSource, valid.labels.data, config.batch);
  const { smoothing } = config;
  const programs = programsBySize(executor, (batchSize) =>
    plan(
      "train-step",
      traceTrainStep(model, { source, batchSize, optimizer: createOptimizer(config), smoothing }),
    ),
  );
  const rows = Int32Array.from({ length: source.rows }, (_, i) => i);
  const steps = Math.ceil(source.rows / config.batch);
  const schedule = createSchedule(config.schedule, config.epochs, steps);

  for (let epoch = 0; epoch < config.epochs; epoch++) {
    const start = performance.now();
    let lossSum = 0;
    let seen = 0;
    for (const [i, indices] of epochBatches(
      rows,
      config.batch,
      shuffleKey(config.seed, epoch),
    ).entries()) {
      const n = indices.length;
      const step = epoch * steps + i;
      const registers = registersOf(config, step, config.learningRate * schedule(step));
      const loss = await runStep(programs(n), indices, registers);
      if (!Number.isFinite(loss)) throw diverged(loss, epoch, i);
      lossSum += loss * n;
      seen += n;
      const imagesPerSecond = (1000 * seen) / (performance.now() - start);
      onStep?.({ epoch: epoch + 1, step: i + 1, steps, loss: lossSum / seen, imagesPerSecond });
      if (signal?.aborted) return;
    }
    const imagesPerSecond = (1000 * seen) / (performance.now() - start);
    const validation = await validate();
    yield {
      epoch: epoch + 1,
      trainLoss: lossSum / seen,
      validLoss: validation.loss,
      validAccuracy: validation.accuracy,
      imagesPerSecond,
      learningRate: config.learningRate * schedule((epoch + 1) * steps - 1),
      seconds: (performance.now() - start) / 1000,
    };
    if (signal?.aborted) return;
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
): Promise<number> {
  const taken = [...inputSpecs(program.program).keys()].filter((name) => name in registers);
  const { loss } = await program.run({
    indices: hostArray([indices.length], indices, "i32"),
    ...Object.fromEntries(taken.map((name) => [name, registers[name]!])),
  });
  return loss!.data[0]!;
}

const diverged = (loss: number, epoch: number, step: number): ResnetError =>
  new ResnetError(
    "ERR_DIVERGED",
    `the training loss became ${loss} in step ${step + 1} of epoch ${epoch + 1}: try a lower learning rate`,
  );
