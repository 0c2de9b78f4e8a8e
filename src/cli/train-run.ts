import path from "node:path";
import type { Executor } from "../executors/executor.js";
import { writeEpochCharts, writeRunReport } from "../report/write-run-report.js";
import { residentSource, type ImagePreparation } from "../train/batch-source.js";
import type { TrainConfig } from "../train/config.js";
import { createEvaluator, type Evaluation } from "../train/evaluate.js";
import { initialState, readModelState, writeModelState } from "../train/model-state.js";
import { RunDirectory } from "../train/run-directory.js";
import { trainLoop } from "../train/train-loop.js";
import { stopOnInterrupt } from "./interrupt.js";
import type { Output } from "./output.js";
import { Progress } from "./progress.js";
import type { TrainJob } from "./train-job.js";
import { describeJob, formatEpoch } from "./train-output.js";

/** Trains and saves epoch by epoch. @returns null if the user stopped it */
export async function runEpochs(
  job: TrainJob,
  executor: Executor,
  directory: string,
  output: Output,
): Promise<RunDirectory | null> {
  const { config, model, parts, description } = job;
  const interrupt = stopOnInterrupt((line) => output.notice(line));
  const steps = Math.ceil(parts.train.labels.data.length / config.batch);
  const progress = new Progress(config.epochs * steps);
  try {
    writeModelState(executor, model, initialState(model, config.seed));
    const loop = trainLoop({
      executor,
      model,
      config,
      train: residentSource(executor, "train", parts.train, preparationOf(config, "train")),
      valid: residentSource(executor, "valid", parts.valid, preparationOf(config, "eval")),
      signal: interrupt.signal,
      onStep: ({ epoch, step, loss, imagesPerSecond }) =>
        progress.update((epoch - 1) * steps + step, [
          `step ${step}/${steps}`,
          `epoch ${epoch}/${config.epochs}`,
          `loss ${loss.toFixed(4)}`,
          `${Math.round(imagesPerSecond)} images/s`,
        ]),
    });
    const run = await RunDirectory.create(directory, config);
    output.say(describeJob(job, executor));
    for await (const metrics of loop) {
      await run.saveEpoch(metrics, description, readModelState(executor, model));
      await writeEpochCharts(run);
      progress.clear();
      output.say(formatEpoch(metrics, config.epochs, output.width));
    }
    if (!interrupt.signal.aborted || run.epochs.length === config.epochs) return run;

    const done = run.epochs.length;
    await run.saveLast({ ...description, epoch: done }, readModelState(executor, model));
    const weights = path.join(directory, "last.safetensors");
    output.notice(
      `stopped after ${done} of ${config.epochs} epochs; the weights are in ${weights}`,
    );
    process.exitCode = 130;
    return null;
  } finally {
    progress.clear();
    interrupt.dispose();
  }
}

/** Tests the weights of the last epoch, and writes the report and charts of the run. */
export async function testRun(
  { config, model, parts }: TrainJob,
  executor: Executor,
  run: RunDirectory,
): Promise<{ readonly test: Evaluation; readonly text: string }> {
  const source = residentSource(executor, "test", parts.test, preparationOf(config, "eval"));
  const test = await createEvaluator(executor, model, source, config.batch, config.precision)();
  return { test, text: await writeRunReport(run, test, parts.test) };
}

const preparationOf = (
  { normalise, transforms }: TrainConfig,
  use: "train" | "eval",
): ImagePreparation => ({ ...normalise, transforms: transforms[use] });
