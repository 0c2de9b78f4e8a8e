import path from "node:path";
import { Command, Option } from "commander";
import type { VariantOptions } from "../../../models/catalog.js";
import type { Precision } from "../../../program/precision.js";
import { recipes } from "../../../train/recipes.js";
import { requireEmpty } from "../../runs/new-directory.js";
import { RunDirectory } from "../../runs/run-directory.js";
import { configOptions, otherConfigOptions } from "../config-options.js";
import { withModelOfInit, withPretrained } from "../training/model-of-init.js";
import { isModulePath, ownNetwork, requireNamed } from "../own-network.js";
import { jsonOption, machineOptions } from "../options.js";
import { Output } from "../output.js";
import { formatDuration } from "../progress.js";
import { resumeCommand, resumedConfig, resumedGroup } from "../training/resume.js";
import { trainGroup, type Trainings } from "../training/train-group.js";
import { configOf, settled, trainingsOf } from "../training/train-config.js";
import { trainOne, type TrainingFlags } from "../training/train-one.js";

/** Besides those of the configuration. */
interface TrainFlags extends TrainingFlags {
  readonly precision?: Precision | "auto";
  readonly model?: string;
  readonly modelOption?: VariantOptions;
  readonly init?: string;
  readonly pretrained?: string;
  readonly out?: string;
  readonly resume?: string;
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
      `named set-up: ${Object.keys(recipes).join(", ")} (default: fashion-resnet34; image-folder for a folder or a .csv), ` +
        "or the config.json of a run",
    );
  for (const option of [...Object.values(configOptions), ...otherConfigOptions, ...machineOptions])
    command.addOption(option);
  return command
    .optionsGroup("Run:")
    .option("--out <dir>", "run directory (default: runs/RECIPE-TIME)")
    .addOption(
      new Option(
        "--resume <dir>",
        "go on with the run, or the group of runs, in this directory, as if it had never stopped",
      ).conflicts("out"),
    )
    .option("--profile", "at the end, show where the time went")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExample:\n  resnet train fashion-resnet34 --epochs 20 --out runs/first",
    )
    .action(train);
}

async function train(recipe: string | undefined, given: TrainFlags): Promise<void> {
  const start = performance.now();
  const output = new Output(given.json ?? false);
  const flags = await withModelOfInit(await withPretrained(await settled(given), output));
  const network = await ownNetwork(flags.model);
  const group = await groupOf(recipe, flags);
  if (group) {
    const resume = commandFor(group.directory, flags);
    return trainGroup(group.directory, group.trainings, { flags, output, network, resume });
  }
  const config = flags.resume === undefined ? configOf(recipe, flags) : null;
  if (config) requireNamed(recipe ?? "the configuration", config.model, flags.model);
  const run = config
    ? await RunDirectory.create(flags.out ?? defaultDirectory(config.recipe))
    : await RunDirectory.open(flags.resume!, (notice) => output.notice(notice));
  try {
    const resume = commandFor(run.directory, flags);
    const giveUp = (): Promise<void> => run.close();
    const options = { flags, output, network, resume, giveUp };
    const trained = await trainOne(run, config ?? resumedConfig(run, recipe, flags), options);
    if (!trained) return;
    const duration = formatDuration((performance.now() - start) / 1000);
    const closing = `${run.directory}: weights, metrics, report and charts, after ${duration}`;
    output.result(trained.document, `\n${trained.text}\n${closing}`);
  } finally {
    await run.close();
  }
}

/** The group of trainings that the words ask for, and its directory; null if they ask for a single one. */
async function groupOf(
  recipe: string | undefined,
  flags: TrainFlags,
): Promise<{ readonly directory: string; readonly trainings: Trainings } | null> {
  if (flags.resume !== undefined) {
    const trainings = await resumedGroup(flags.resume, recipe, flags);
    return trainings && { directory: flags.resume, trainings };
  }
  const trainings = trainingsOf(recipe, flags);
  if (!trainings) return null;
  const directory = flags.out ?? defaultDirectory(recipe!);
  await requireEmpty(directory);
  return { directory, trainings };
}

const commandFor = (directory: string, flags: TrainFlags): string =>
  resumeCommand(directory, { ...flags }, [
    ...machineOptions,
    ...(isModulePath(flags.model ?? "") ? [configOptions["model"]!] : []),
  ]);

const defaultDirectory = (recipe: string): string =>
  path.join("runs", `${recipe}-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}`);
