import { labelsOf } from "../../../data/labelled-images.js";
import { countViews } from "../../../data/transforms/test-views.js";
import type { Executor } from "../../../executors/executor.js";
import { writeEpochCharts, writeRunReport } from "../../report/write-run-report.js";
import { validationName } from "../../../train/config/config.js";
import { stepsPerEpoch } from "../../../train/steps/epoch-steps.js";
import { evaluateViews, type Evaluation } from "../../../train/evaluate.js";
import { modelSource, writeModelState } from "../../../train/weights/model-state.js";
import type { RunDirectory, RunSnapshot } from "../../runs/run-directory.js";
import { trainLoop, type StepProgress, type Training } from "../../../train/train-loop.js";
import { startOfTraining, type TrainProgress } from "../../../train/train-progress.js";
import { trainedWeights } from "../../../train/weights/trained-weights.js";
import { firstState } from "./first-state.js";
import { LiveChart } from "./live-chart.js";
import type { Output } from "../output.js";
import { Progress } from "../progress.js";
import type { ImageSources } from "../../../train/sources/image-sources.js";
import type { TrainJob } from "./train-job.js";
import {
  describeEarlyStop,
  describeJob,
  describeResume,
  formatEpoch,
  formatLoss,
  scheduleNotice,
} from "./train-output.js";

/**
 * Trains from the beginning or from where the run was left, and saves after each epoch, as often as the configuration
 * says, and where `signal` stops it.
 *
 * @returns where the training stands
 */
export async function runEpochs(
  job: TrainJob,
  run: RunDirectory,
  executor: Executor,
  sources: ImageSources,
  output: Output,
  signal: AbortSignal,
): Promise<TrainProgress> {
  const { config, description, model, parts } = job;
  if (!run.saved) await writeModelState(executor, model, await firstState(job, output));
  const steps = stepsPerEpoch(labelsOf(parts.train).length, config);
  const from = run.saved?.progress ?? startOfTraining;
  const bar = new Progress(config.epochs * steps, from.epoch * steps + from.step);
  const live = new LiveChart(run, validationName(config));
  const onStep = async (progress: StepProgress): Promise<void> => {
    run.logStep(progress);
    showStep(bar, progress, config.epochs);
    await live.update(progress);
    const { saveEvery } = config;
    if (saveEvery !== null && progress.step % saveEvery === 0) await run.saveState(snapshot());
  };
  const weights = modelSource(executor, model, trainedWeights(model, config));
  const snapshot = (): RunSnapshot => ({
    description,
    progress: training.progress,
    executor,
    weights,
  });
  const training = await prepareTraining(job, run, executor, sources, { signal, onStep });
  try {
    await run.saved?.restore(executor);
    await run.begin(config);
    output.say(describeJob(job, executor));
    const surprise = scheduleNotice(config);
    if (surprise !== null) output.notice(surprise);
    if (run.saved) output.say(describeResume(training.progress, config));
    if (run.epochs.length > 0 && training.progress.step === 0) await run.publish(snapshot());
    for await (const metrics of training) {
      await run.saveEpoch(metrics, snapshot());
      await writeEpochCharts(run, validationName(config));
      bar.clear();
      output.say(formatEpoch(metrics, config, output.width));
    }
    if (training.progress.step > 0) {
      await run.saveState(snapshot());
      await run.saveWeights("last", snapshot());
    }
    const ended = describeEarlyStop(training.progress, config);
    if (ended !== null && !signal.aborted) output.say(ended);
    return training.progress;
  } finally {
    bar.clear();
  }
}

/** The training of a job, its programs loaded; refuses what cannot be trained. */
async function prepareTraining(
  { config, model, parts }: TrainJob,
  { saved }: RunDirectory,
  executor: Executor,
  sources: ImageSources,
  options: Pick<Parameters<typeof trainLoop>[0], "signal" | "onStep">,
): Promise<Training> {
  return await trainLoop({
    executor,
    model,
    config,
    train: await sources.open("train", parts.train),
    valid: await sources.open("valid", parts.valid),
    ...(saved && { from: saved.progress }),
    ...options,
  });
}

function showStep(
  bar: Progress,
  { epoch, step, steps, loss, imagesPerSecond }: StepProgress,
  epochs: number,
): void {
  bar.update((epoch - 1) * steps + step, [
    `step ${step}/${steps}`,
    `epoch ${epoch}/${epochs}`,
    `loss ${formatLoss(loss)}`,
    `${Math.round(imagesPerSecond)} images/s`,
  ]);
}

/** Tests the weights of the last epoch, and writes the report and charts of the run. */
export async function testRun(
  { config, parts, model }: TrainJob,
  executor: Executor,
  sources: ImageSources,
  run: RunDirectory,
): Promise<{ readonly test: Evaluation; readonly text: string }> {
  const views = sources.testViews("test", parts.test, config.testViews);
  const { batch, precision } = config;
  const weights = trainedWeights(model, config);
  const test = await evaluateViews(executor, model, views, batch, precision, weights);
  const options = {
    transforms: config.transforms.eval,
    validation: validationName(config),
    views: countViews(config.testViews),
  };
  return { test, text: await writeRunReport(run, test, parts.test, options) };
}
