import path from "node:path";
import { countViews } from "../../../data/transforms/test-views.js";
import type { Executor } from "../../../executors/executor.js";
import { profiled } from "../../../executors/profiled-executor.js";
import type { LabelledImages } from "../../../data/image-files.js";
import type { ModelSize } from "../../../models/catalog.js";
import type { Module } from "../../../nn/module.js";
import { countParameters } from "../../../report/model-summary.js";
import { formatProfile, profileOf } from "../../../report/profile.js";
import { formatTestReport, testReport, type TestReport } from "../../../report/test-report.js";
import { ResnetError, UsageError } from "../../../tensor/error.js";
import type { Callback } from "../../../train/callbacks.js";
import type { TrainConfig } from "../../../train/config/config.js";
import type { EpochMetrics } from "../../../train/metrics.js";
import { isOver, type TrainProgress } from "../../../train/progress.js";
import type { DataParts } from "../../data/load-parts.js";
import type { ModelState } from "../../../checkpoint/model-state.js";
import { firstWeights } from "../../runs/first-weights.js";
import type { RunDirectory } from "../../runs/run-directory.js";
import { trainRun } from "../../train/train.js";
import { endOnSignal, stopOnSignal } from "../interrupt.js";
import { loadPartsOf } from "../load-data.js";
import { isModulePath, requireNamed, type OwnNetwork } from "../own-network.js";
import { openExecutor } from "../open-executor.js";
import type { DataFlags, ExecutorFlags } from "../options.js";
import type { Output } from "../output.js";
import type { PretrainedFlags } from "../pretrained.js";
import { ShowTraining } from "./show-training.js";
import { trainDocument } from "./train-output.js";

/** How a training is run: the flags that are no part of its configuration. */
export interface TrainingFlags extends ExecutorFlags, DataFlags, PretrainedFlags {
  readonly profile?: boolean;
}

export interface TrainOneOptions {
  readonly flags: TrainingFlags;
  readonly output: Output;
  /** The command that goes on where this one stops. */
  readonly resume: string;
  /** Releases the run directory; called if a signal ends the command before the training begins. */
  readonly giveUp: () => Promise<void>;
  /** The network that `--model` names, if it is the user's own. */
  readonly network?: OwnNetwork | undefined;
  /** Called before those that save, report and show. */
  readonly callbacks?: readonly Callback[];
}

/** A training that was completed and tested. */
export interface TrainedRun {
  readonly epochs: readonly EpochMetrics[];
  readonly test: TestReport;
  readonly parameters: number;
  /** The report, for people. */
  readonly text: string;
  /** For `--json`. */
  readonly document: object;
  /** Whether a signal asked to stop during the test: the next training must not begin. */
  readonly isStopped: boolean;
}

/**
 * Trains in a run directory, from the beginning or from where it was left, and tests. Sets the exit code if a signal
 * stopped it.
 *
 * @returns null if a signal stopped the training
 */
export async function trainOne(
  run: RunDirectory,
  config: TrainConfig,
  { flags, output, resume, giveUp, network, callbacks = [] }: TrainOneOptions,
): Promise<TrainedRun | null> {
  requireNamed(run.directory, config.model, network?.file);
  if (network && !isModulePath(config.model)) {
    throw new UsageError(
      "ERR_MODEL",
      `--set model=${config.model} contradicts --model ${network.file}: leave out one of them`,
    );
  }
  const reading = { ...flags, transforms: config.transforms.eval };
  const chosen = await openExecutor(flags, output); // first: a missing GPU is told before images are read
  let parts: DataParts;
  try {
    if (!run.config) await run.begin(config); // so that a run which is killed while its data loads can be resumed
    parts = await endOnSignal(giveUp, () => loadPartsOf(config.data, config, reading, output));
  } catch (error) {
    await chosen.close();
    throw error;
  }
  const profiling = flags.profile ? profiled(chosen) : undefined;
  const executor = profiling ?? chosen;
  const stop = stopOnSignal("finishing this step and saving", (line) => output.notice(line));
  const show = new ShowTraining(output, parts, config);
  try {
    warnOfOtherExecutor(run, executor, output);
    const { model, progress, epochs, test } = await trainRun(run, config, parts, {
      executor,
      workers: flags.workers,
      cache: flags.cache,
      signal: stop.signal,
      weights: (model) => announcedWeights(model, config, parts.train.classes, { flags, output }),
      ...(network && { model: network.create(sizeOf(config, parts.train)) }),
      callbacks: [...callbacks, show],
    });
    if (!test) {
      if (run.canResume) sayStopped(whereOf(progress, config), { output, resume });
      else output.notice("stopped before the first step: there is nothing to save");
      return null;
    }
    const profiles = profiling?.times().map(profileOf);
    for (const profile of profiles ?? []) output.say(`\n${formatProfile(profile)}`);
    const report = testReport(test, parts.test, countViews(config.testViews));
    const document = trainDocument(run.directory, epochs, report);
    return {
      epochs,
      test: report,
      parameters: countParameters(model),
      text: formatTestReport(report),
      document: { ...document, ...(profiles && { profiles }) },
      isStopped: stop.signal.aborted,
    };
  } catch (error) {
    if (run.canResume && show.hasStarted && !isHopeless(error))
      output.notice(`to go on: ${resume}`);
    throw withLastWeights(error, run);
  } finally {
    show.clear();
    stop.dispose();
    if (stop.exitCode !== null) process.exitCode = stop.exitCode;
    await executor.close();
  }
}

/** The classes of the images, and their channels, that a network of the user's own is made for. */
export const sizeOf = (config: TrainConfig, { classes }: LabelledImages): ModelSize => ({
  classes: classes.length,
  channels: config.normalize.mean.length,
});

/** The first weights that the configuration asks for. Tells which parts of a file were not taken, and what was adapted. */
export async function announcedWeights(
  model: Module,
  config: TrainConfig,
  classes: readonly string[],
  { flags, output }: { readonly flags: PretrainedFlags; readonly output: Output },
): Promise<ModelState> {
  const { pretrainedDir } = flags;
  const { state, replaced, notices } = await firstWeights(model, config, classes, {
    pretrainedDir,
  });
  if (config.init !== null) {
    const anew = `${replaced.join(" and ")} start anew, for the ${classes.length} classes of ${config.data}`;
    const from = `starting from ${config.init}`;
    output.notice(replaced.length > 0 ? `${from}; ${anew}` : from);
    for (const notice of notices) output.notice(notice);
  }
  return state;
}

/** Tells the user where the work stopped, and how it goes on. */
export function sayStopped(
  where: string,
  { output, resume }: Pick<TrainOneOptions, "output" | "resume">,
): void {
  output.notice(`stopped ${where}, and saved`);
  output.notice(`to go on: ${resume}`);
}

const whereOf = (progress: TrainProgress, config: TrainConfig): string =>
  isOver(progress, config)
    ? "after the last epoch, before the test"
    : `in epoch ${progress.epoch + 1} of ${config.epochs}`;

function warnOfOtherExecutor(
  { saved }: RunDirectory,
  { description }: Executor,
  output: Output,
): void {
  if (!saved || saved.executor === description) return;
  output.notice(
    `this run was on ${saved.executor} so far and goes on on ${description}: ` +
      "sums will round otherwise, so the result will not be the same bit for bit",
  );
}

/** Whether the same error would come again: the loss diverged, or the saved state cannot be used. */
const isHopeless = (error: unknown): boolean =>
  error instanceof ResnetError && ["ERR_DIVERGED", "ERR_CHECKPOINT"].includes(error.code);

/** Adds to the error of a diverged loss where the last good weights are. */
function withLastWeights(error: unknown, { directory, savedEpochs }: RunDirectory): unknown {
  if (!(error instanceof ResnetError) || error.code !== "ERR_DIVERGED" || savedEpochs === 0)
    return error;
  const file = path.join(directory, "last.safetensors");
  return new ResnetError(
    error.code,
    `${error.message}; the last good weights are in ${file}, of epoch ${savedEpochs}`,
    { cause: error },
  );
}
