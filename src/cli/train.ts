import path from "node:path";
import { Command, Option } from "commander";
import { datasetInfo, listDatasets } from "../data/dataset-info.js";
import type { Dataset, DatasetSplits } from "../data/dataset.js";
import { splitRows } from "../data/split.js";
import { takeRows } from "../data/take-rows.js";
import { transformedShape } from "../data/transforms/compose-transforms.js";
import { parseTransforms } from "../data/transforms/transform-text.js";
import { createExecutor } from "../executors/create-executor.js";
import type { Executor } from "../executors/executor.js";
import { profiled } from "../executors/profiled-executor.js";
import { findModel, models } from "../models/catalog.js";
import type { Module } from "../nn/module.js";
import { countParameters } from "../report/model-summary.js";
import { formatProfile, profileOf } from "../report/profile.js";
import { writeEpochCharts, writeRunReport } from "../report/write-run-report.js";
import { dims4 } from "../tensor/shape.js";
import { residentSource, type ImagePreparation } from "../train/batch-source.js";
import type { CheckpointDescription } from "../train/checkpoint.js";
import { parseConfig, type TrainConfig } from "../train/config.js";
import type { EpochMetrics } from "../train/epoch-metrics.js";
import { createEvaluator, type Evaluation } from "../train/evaluate.js";
import { initialState, readModelState, writeModelState } from "../train/model-state.js";
import { findRecipe, recipes } from "../train/recipes.js";
import { RunDirectory } from "../train/run-directory.js";
import { scheduleForms } from "../train/schedules/schedule-config.js";
import { trainLoop } from "../train/train-loop.js";
import { stopOnInterrupt } from "./interrupt.js";
import { loadData } from "./load-data.js";
import {
  dataDirOption,
  decimal,
  executorOption,
  jsonOption,
  seedNumber,
  threadsOption,
  wholeNumber,
  type ExecutorFlags,
} from "./options.js";
import { Output } from "./output.js";
import { wrapFields } from "./progress-line.js";
import { formatDuration, Progress } from "./progress.js";

interface TrainFlags extends ExecutorFlags {
  readonly model?: string;
  readonly data?: string;
  readonly epochs?: number;
  readonly batch?: number;
  readonly optimizer?: string;
  readonly learningRate?: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly schedule?: string;
  readonly precision?: string;
  readonly trainTransforms?: string;
  readonly evalTransforms?: string;
  readonly seed?: number;
  readonly limitTrain?: number;
  readonly limitValid?: number;
  readonly limitTest?: number;
  readonly dataDir?: string;
  readonly out?: string;
  readonly profile?: boolean;
  readonly json?: boolean;
}

const defaultRecipe = "fashion-resnet34";

export const trainCommand = (): Command =>
  new Command("train")
    .summary("train a model, test it, and write a run directory")
    .description(
      "Trains a model as a recipe says, with anything that the options override, then tests it.\n" +
        "Everything about the run lands in one directory: configuration, metrics, weights, report and charts.",
    )
    .argument("[recipe]", `named set-up: ${Object.keys(recipes).join(", ")}`, defaultRecipe)
    .option("--model <name>", `model: ${Object.keys(models).join(", ")}`)
    .option(
      "--data <name>",
      `data set: ${listDatasets()
        .map(({ name }) => name)
        .join(", ")}`,
    )
    .option("--epochs <n>", "passes over the training images", wholeNumber)
    .option("--batch <n>", "images in one step", wholeNumber)
    .addOption(
      new Option("--optimizer <name>", "how weights are updated").choices(["sgd", "adam", "adamw"]),
    )
    .option("--lr, --learning-rate <x>", "learning rate, at its peak", decimal)
    .option("--momentum <x>", "momentum of sgd, 0 … 1", decimal)
    .option("--weight-decay <x>", "weight decay", decimal)
    .option(
      "--train-transforms <list>",
      'what is done to training images, such as "randomCrop(32, padding=4) randomHorizontalFlip", or none',
    )
    .option("--eval-transforms <list>", 'the same for validation and test, such as "resize(96)"')
    .option("--schedule <s>", `learning rate over time: ${scheduleForms}`)
    .addOption(
      new Option("--precision <p>", "arithmetic (default: fp32)").choices(["fp32", "bf16"]),
    )
    .addOption(executorOption())
    .addOption(threadsOption())
    .option("--seed <n>", "seed of everything random: weights, split, order of images", seedNumber)
    .option("--limit-train <n>", "training images", wholeNumber)
    .option("--limit-valid <n>", "validation images", wholeNumber)
    .option("--limit-test <n>", "test images (default: all)", wholeNumber)
    .addOption(dataDirOption())
    .option("--out <dir>", "run directory (default: runs/RECIPE-TIME)")
    .option("--profile", "at the end, show where the time went")
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  resnet train fashion-resnet34 --epochs 5 --out runs/first")
    .action(train);

/** The recipe's configuration with what the flags override. */
function configOf(name: string, flags: TrainFlags): TrainConfig {
  const recipe = findRecipe(name).config;
  const otherData = flags.data === recipe.data ? undefined : flags.data;
  const overrides = {
    model: flags.model,
    data: otherData,
    normalise: otherData && datasetInfo(otherData).normalise,
    epochs: flags.epochs,
    batch: flags.batch,
    optimizer: flags.optimizer,
    learningRate: flags.learningRate,
    momentum: flags.momentum,
    weightDecay: flags.weightDecay,
    schedule: flags.schedule,
    precision: flags.precision,
    seed: flags.seed,
    trainSize: flags.limitTrain,
    validSize: flags.limitValid,
    testSize: flags.limitTest,
  };
  const given = Object.entries(overrides).filter(([, value]) => value !== undefined);
  const { trainTransforms, evalTransforms } = flags;
  const { train, eval: evaluation } = recipe.transforms;
  const transforms = {
    train: trainTransforms === undefined ? train : parseTransforms(trainTransforms),
    eval: evalTransforms === undefined ? evaluation : parseTransforms(evalTransforms),
  };
  return parseConfig({ ...recipe, transforms, ...Object.fromEntries(given) });
}

async function train(recipe: string, flags: TrainFlags): Promise<void> {
  const start = performance.now();
  const output = new Output(flags.json ?? false);
  const config = configOf(recipe, flags);
  const makeModel = findModel(config.model);
  const data = await loadData(config.data, flags.dataDir, output);
  const parts = splitData(data, config);
  const { classes } = data.train;
  const [, height, width, channels] = dims4(data.train.images);
  const seen = transformedShape(config.transforms.eval, { height, width, channels });
  const model = makeModel({ classes: classes.length, channels: seen.channels });
  const chosen = createExecutor(flags.executor, {
    threads: flags.threads,
    onNotice: (notice) => output.notice(notice),
  });
  const profiling = flags.profile ? profiled(chosen) : undefined;
  const executor = profiling ?? chosen;
  try {
    const directory = flags.out ?? defaultDirectory(config.recipe);
    const job: TrainJob = {
      config,
      model,
      executor,
      parts,
      output,
      directory,
      description: {
        model: config.model,
        classes: [...classes],
        imageShape: [seen.height, seen.width, seen.channels],
        transforms: config.transforms.eval,
        normalise: config.normalise,
        precision: config.precision,
        data: {
          name: config.data,
          trainSize: config.trainSize,
          validSize: config.validSize,
          seed: config.seed,
        },
      },
    };
    const run = await runEpochs(job);
    if (!run) return;
    const { test, text } = await testRun(job, run);
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

/** Everything that a training needs, checked and loaded. */
interface TrainJob {
  readonly config: TrainConfig;
  readonly model: Module;
  readonly executor: Executor;
  readonly parts: DataParts;
  readonly output: Output;
  readonly directory: string;
  readonly description: Omit<CheckpointDescription, "epoch">;
}

/** Trains and saves epoch by epoch. @returns null if the user stopped it */
async function runEpochs(job: TrainJob): Promise<RunDirectory | null> {
  const { config, model, executor, parts, output, directory, description } = job;
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
    output.say(describeJob(job));
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
async function testRun(
  { config, model, executor, parts }: TrainJob,
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

interface DataParts {
  readonly train: Dataset;
  readonly valid: Dataset;
  readonly test: Dataset;
}

/** The images that the run uses, drawn with its seed. */
function splitData(
  { train, test }: DatasetSplits,
  { trainSize, validSize, testSize, seed }: TrainConfig,
): DataParts {
  const rows = splitRows(train.labels.data.length, { train: trainSize, valid: validSize }, seed);
  return {
    train: takeRows(train, rows.train),
    valid: takeRows(train, rows.valid),
    test:
      testSize === null
        ? test
        : takeRows(test, splitRows(test.labels.data.length, { test: testSize }, seed).test),
  };
}

const defaultDirectory = (recipe: string): string =>
  path.join("runs", `${recipe}-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}`);

function describeJob({ config, model, parts, executor }: TrainJob): string {
  const sizeOf = ({ labels }: Dataset): number => labels.data.length;
  return (
    `${config.model} (${countParameters(model).toLocaleString("en-US")} parameters) on ${config.data}: ` +
    `${sizeOf(parts.train)} training, ${sizeOf(parts.valid)} validation, ${sizeOf(parts.test)} test images; ` +
    `${executor.description}, ${config.precision}`
  );
}

function formatEpoch(metrics: EpochMetrics, epochs: number, width: number): string {
  const { epoch, trainLoss, trainAccuracy, validLoss, validAccuracy, imagesPerSecond } = metrics;
  const fields = [
    `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`,
    `train loss ${trainLoss.toFixed(4)}, accuracy ${trainAccuracy.toFixed(4)}`,
    `validation loss ${validLoss.toFixed(4)}, accuracy ${validAccuracy.toFixed(4)}`,
    `${Math.round(imagesPerSecond)} images/s`,
  ];
  return wrapFields(fields, width);
}

function documentOf(run: RunDirectory, { accuracy, loss }: Evaluation): object {
  const speeds = run.epochs.map(({ imagesPerSecond }) => imagesPerSecond).sort((a, b) => a - b);
  return {
    run: run.directory,
    epochs: run.epochs,
    imagesPerSecond: speeds[Math.floor(speeds.length / 2)],
    test: { accuracy, loss },
  };
}
