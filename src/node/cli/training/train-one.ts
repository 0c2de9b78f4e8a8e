import path from "node:path";
import { countViews } from "../../../data/transforms/test-views.js";
import type { Executor } from "../../../executors/executor.js";
import { profiled } from "../../../executors/profiled-executor.js";
import { formatProfile, profileOf } from "../../../report/profile.js";
import { testScores } from "../../../report/test-scores.js";
import { ResnetError } from "../../../tensor/error.js";
import type { TrainConfig } from "../../../train/config/config.js";
import type { Evaluation } from "../../../train/evaluate.js";
import type { RunDirectory } from "../../runs/run-directory.js";
import { isOver, type TrainProgress } from "../../../train/train-progress.js";
import { openExecutor } from "../open-executor.js";
import type { DataFlags, ExecutorFlags } from "../options.js";
import type { Output } from "../output.js";
import { endOnSignal, stopOnSignal } from "../interrupt.js";
import { checkSameJob } from "./resume.js";
import { ImageSources } from "../../../train/sources/image-sources.js";
import { prepareJob, type TrainJob } from "./train-job.js";
import { documentOf } from "./train-output.js";
import { runEpochs, testRun } from "./train-run.js";

/** How a training is run: what is no part of its configuration. */
export interface TrainingFlags extends ExecutorFlags, DataFlags {
  readonly profile?: boolean;
}

export interface TrainOneOptions {
  readonly flags: TrainingFlags;
  readonly output: Output;
  /** The command that goes on where this one stops. */
  readonly resume: string;
  /** Gives up what the command has taken, where a signal ends it before there is anything to save. */
  readonly giveUp: () => Promise<void>;
  /** Looks at the network before it is trained. */
  readonly before?: (job: TrainJob, executor: Executor, sources: ImageSources) => Promise<void>;
}

/** What a training came to. */
export interface TrainedRun {
  readonly job: TrainJob;
  readonly test: Evaluation;
  /** The report, for people. */
  readonly text: string;
  /** For `--json`. */
  readonly document: object;
  /** Whether a signal asked to stop while it was tested: what comes next is not begun. */
  readonly isStopped: boolean;
}

/**
 * Trains in a run directory, from the beginning or from where it was left, and tests; null if a signal stopped it before.
 * Sets the exit code where there was a signal.
 */
export async function trainOne(
  run: RunDirectory,
  config: TrainConfig,
  { flags, output, resume, giveUp, before }: TrainOneOptions,
): Promise<TrainedRun | null> {
  if (!run.config) await run.begin(config); // now: a run that is killed from here on can be resumed
  const job = await endOnSignal(giveUp, () => prepareJob(config, flags, output));
  checkSameJob(run, job);
  const chosen = await openExecutor(flags, output);
  const profiling = flags.profile ? profiled(chosen) : undefined;
  const executor = profiling ?? chosen;
  const sources = new ImageSources(executor, job.config, flags);
  const stop = stopOnSignal("finishing this step and saving", (line) => output.notice(line));
  try {
    warnOfOtherExecutor(run, executor, output);
    await before?.(job, executor, sources);
    const progress = await runEpochs(job, run, executor, sources, output, stop.signal);
    if (stop.signal.aborted) {
      if (run.canResume) sayStopped(whereOf(progress, config), { output, resume });
      else output.notice("stopped before the first step: there is nothing to save");
      return null;
    }
    const { test, text } = await testRun(job, executor, sources, run);
    const profiles = profiling?.times().map(profileOf);
    for (const profile of profiles ?? []) output.say(`\n${formatProfile(profile)}`);
    return {
      job,
      test,
      text,
      document: {
        ...documentOf(
          run,
          testScores(test, job.parts.test.classes),
          countViews(job.config.testViews),
        ),
        ...(profiles && { profiles }),
      },
      isStopped: stop.signal.aborted,
    };
  } catch (error) {
    if (run.canResume && !isHopeless(error)) output.notice(`to go on: ${resume}`);
    throw withLastWeights(error, run);
  } finally {
    stop.dispose();
    if (stop.exitCode !== null) process.exitCode = stop.exitCode;
    await sources.close();
    await executor.close();
  }
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

/** What would happen again: the loss diverged, or what was saved cannot be used. */
const isHopeless = (error: unknown): boolean =>
  error instanceof ResnetError && ["ERR_DIVERGED", "ERR_CHECKPOINT"].includes(error.code);

/** A loss that diverged, with the weights from before it did. */
function withLastWeights(error: unknown, { directory, epochs }: RunDirectory): unknown {
  if (!(error instanceof ResnetError) || error.code !== "ERR_DIVERGED" || epochs.length === 0)
    return error;
  const file = path.join(directory, "last.safetensors");
  return new ResnetError(
    error.code,
    `${error.message}; the last good weights are in ${file}, of epoch ${epochs.length}`,
    { cause: error },
  );
}
