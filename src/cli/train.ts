import path from "node:path";
import { Command } from "commander";
import { createExecutor } from "../executors/create-executor.js";
import { profiled } from "../executors/profiled-executor.js";
import { formatProfile, profileOf } from "../report/profile.js";
import { recipes } from "../train/recipes.js";
import {
  dataDirOption,
  executorOption,
  jsonOption,
  threadsOption,
  type ExecutorFlags,
} from "./options.js";
import { Output } from "./output.js";
import { formatDuration } from "./progress.js";
import { configOf, configOptions } from "./train-config.js";
import { prepareJob } from "./train-job.js";
import { documentOf } from "./train-output.js";
import { runEpochs, testRun } from "./train-run.js";

/** Besides those of the configuration. */
interface TrainFlags extends ExecutorFlags {
  readonly dataDir?: string;
  readonly out?: string;
  readonly profile?: boolean;
  readonly json?: boolean;
}

const defaultRecipe = "fashion-resnet34";

export function trainCommand(): Command {
  const command = new Command("train")
    .summary("train a model, test it, and write a run directory")
    .description(
      "Trains a model as a recipe says, with anything that the options override, then tests it.\n" +
        "Everything about the run lands in one directory: configuration, metrics, weights, report and charts.",
    )
    .argument("[recipe]", `named set-up: ${Object.keys(recipes).join(", ")}`, defaultRecipe);
  for (const option of Object.values(configOptions)) command.addOption(option);
  return command
    .addOption(executorOption())
    .addOption(threadsOption())
    .addOption(dataDirOption())
    .option("--out <dir>", "run directory (default: runs/RECIPE-TIME)")
    .option("--profile", "at the end, show where the time went")
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  resnet train fashion-resnet34 --epochs 5 --out runs/first")
    .action(train);
}

async function train(recipe: string, flags: TrainFlags): Promise<void> {
  const start = performance.now();
  const output = new Output(flags.json ?? false);
  const config = configOf(recipe, flags);
  const directory = flags.out ?? defaultDirectory(config.recipe);
  const job = await prepareJob(config, flags.dataDir, output);
  const chosen = createExecutor(flags.executor, {
    threads: flags.threads,
    onNotice: (notice) => output.notice(notice),
  });
  const profiling = flags.profile ? profiled(chosen) : undefined;
  const executor = profiling ?? chosen;
  try {
    const run = await runEpochs(job, executor, directory, output);
    if (!run) return;
    const { test, text } = await testRun(job, executor, run);
    const duration = formatDuration((performance.now() - start) / 1000);
    const closing = `${directory}: weights, metrics, report and charts, after ${duration}`;
    const profiles = profiling?.times().map(profileOf);
    for (const profile of profiles ?? []) output.say(`\n${formatProfile(profile)}`);
    output.result(
      { ...documentOf(run, test), ...(profiles && { profiles }) },
      `\n${text}\n${closing}`,
    );
  } finally {
    await executor.close();
  }
}

const defaultDirectory = (recipe: string): string =>
  path.join("runs", `${recipe}-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}`);
