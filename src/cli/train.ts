import path from "node:path";
import { Command, Option } from "commander";
import { createExecutor } from "../executors/create-executor.js";
import type { Executor } from "../executors/executor.js";
import { profiled } from "../executors/profiled-executor.js";
import type { VariantOptions } from "../models/catalog.js";
import { formatProfile, profileOf } from "../report/profile.js";
import { ResnetError } from "../tensor/error.js";
import type { TrainConfig } from "../train/config.js";
import type { Precision } from "../train/precision.js";
import { recipes } from "../train/recipes.js";
import { RunDirectory } from "../train/run-directory.js";
import { withModelOfInit } from "./first-state.js";
import { jsonOption, machineOptions, type DataFlags, type ExecutorFlags } from "./options.js";
import { Output } from "./output.js";
import { formatDuration } from "./progress.js";
import { resumeCommand } from "./resume-command.js";
import { checkSameJob, resumedConfig } from "./resume.js";
import { Sources } from "./sources.js";
import { normaliseFromData } from "./normalise-from-data.js";
import { compareTrainings } from "./train-comparison.js";
import {
  configOf,
  configOptions,
  otherConfigOptions,
  settled,
  trainingsOf,
} from "./train-config.js";
import { prepareJob } from "./train-job.js";
import { documentOf } from "./train-output.js";
import { runEpochs, testRun } from "./train-run.js";

/** Besides those of the configuration. */
interface TrainFlags extends ExecutorFlags, DataFlags {
  readonly precision?: Precision | "auto";
  readonly model?: string;
  readonly modelOption?: VariantOptions;
  readonly init?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly normaliseFromData?: boolean;
  readonly profile?: boolean;
  readonly json?: boolean;
}

export function trainCommand(): Command {
  const command = new Command("train")
    .summary("train a model, test it, and write a run directory")
    .description(
      "Trains a model as a recipe says, with anything that the options override, then tests it.\n" +
        "Everything about the run lands in one directory: configuration, metrics, weights, report and charts.",
    )
    .argument(
      "[recipe]",
      `named set-up: ${Object.keys(recipes).join(", ")} (default: fashion-resnet34; image-folder for a folder)`,
    );
  for (const option of [...Object.values(configOptions), ...otherConfigOptions, ...machineOptions])
    command.addOption(option);
  return command
    .option("--out <dir>", "run directory (default: runs/RECIPE-TIME)")
    .addOption(
      new Option(
        "--resume <dir>",
        "go on with the run in this directory, as if it had never stopped",
      ).conflicts("out"),
    )
    .addOption(
      new Option(
        "--normalise-from-data",
        "by the mean and deviation of the training images",
      ).conflicts("resume"),
    )
    .option("--profile", "at the end, show where the time went")
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  resnet train fashion-resnet34 --epochs 5 --out runs/first")
    .action(train);
}

async function train(recipe: string | undefined, given: TrainFlags): Promise<void> {
  const flags = await withModelOfInit(settled(given));
  const output = new Output(flags.json ?? false);
  const trainings = flags.resume === undefined ? trainingsOf(recipe, flags) : null;
  if (trainings) {
    return compareTrainings({
      trainings,
      directory: flags.out ?? defaultDirectory(recipe!),
      flags,
      output,
      newExecutor: () => executorFor(flags, output),
    });
  }
  const config = flags.resume === undefined ? configOf(recipe, flags) : null;
  const run =
    config === null
      ? await RunDirectory.open(flags.resume!, (notice) => output.notice(notice))
      : await RunDirectory.create(flags.out ?? defaultDirectory(config.recipe));
  try {
    await trainIn(run, config ?? resumedConfig(run, recipe, flags), flags, output);
  } finally {
    await run.close();
  }
}

async function trainIn(
  run: RunDirectory,
  config: TrainConfig,
  flags: TrainFlags,
  output: Output,
): Promise<void> {
  const start = performance.now();
  const asked = await prepareJob(config, flags, output);
  const job = flags.normaliseFromData
    ? await normaliseFromData(asked, flags.workers, output)
    : asked;
  checkSameJob(run, job);
  const chosen = executorFor(flags, output);
  const profiling = flags.profile ? profiled(chosen) : undefined;
  const executor = profiling ?? chosen;
  const sources = new Sources(executor, job.config, flags);
  try {
    warnOfOtherExecutor(run, executor, output);
    const stopped = await runEpochs(job, run, executor, sources, output);
    if (stopped !== null) {
      output.notice(`stopped in epoch ${run.epochs.length + 1} of ${config.epochs}, and saved`);
      output.notice(`to go on: ${commandFor(run, flags)}`);
      process.exitCode = stopped;
      return;
    }
    const { test, text } = await testRun(job, executor, sources, run);
    const duration = formatDuration((performance.now() - start) / 1000);
    const closing = `${run.directory}: weights, metrics, report and charts, after ${duration}`;
    const profiles = profiling?.times().map(profileOf);
    for (const profile of profiles ?? []) output.say(`\n${formatProfile(profile)}`);
    output.result(
      { ...documentOf(run, test), ...(profiles && { profiles }) },
      `\n${text}\n${closing}`,
    );
  } catch (error) {
    if (run.canResume && !isHopeless(error)) output.notice(`to go on: ${commandFor(run, flags)}`);
    throw withLastWeights(error, run);
  } finally {
    await sources.close();
    await executor.close();
  }
}

const executorFor = ({ executor, threads }: TrainFlags, output: Output): Executor =>
  createExecutor(executor, { threads, onNotice: (notice) => output.notice(notice) });

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

const commandFor = ({ directory }: RunDirectory, flags: TrainFlags): string =>
  resumeCommand(directory, { ...flags }, machineOptions);

const defaultDirectory = (recipe: string): string =>
  path.join("runs", `${recipe}-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}`);
