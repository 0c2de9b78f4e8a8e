import path from "node:path";
import { Command, Option } from "commander";
import type { Dataset, DatasetSplits } from "../data/dataset.js";
import { splitRows } from "../data/split.js";
import { takeRows } from "../data/take-rows.js";
import { createExecutor } from "../executors/create-executor.js";
import { findModel, models } from "../models/catalog.js";
import { countParameters } from "../report/model-summary.js";
import { writeRunReport } from "../report/write-run-report.js";
import { parseConfig, type TrainConfig } from "../train/config.js";
import type { EpochMetrics } from "../train/epoch-metrics.js";
import { createEvaluator, uploadDataset, type Evaluation } from "../train/evaluate.js";
import { initialState, readModelState, writeModelState } from "../train/model-state.js";
import { findRecipe, recipes } from "../train/recipes.js";
import { RunDirectory } from "../train/run-directory.js";
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
import { formatDuration, Progress } from "./progress.js";

interface TrainFlags extends ExecutorFlags {
  readonly model?: string;
  readonly data?: string;
  readonly epochs?: number;
  readonly batch?: number;
  readonly optimizer?: string;
  readonly lr?: number;
  readonly momentum?: number;
  readonly weightDecay?: number;
  readonly schedule?: string;
  readonly precision?: string;
  readonly seed?: number;
  readonly limitTrain?: number;
  readonly limitValid?: number;
  readonly limitTest?: number;
  readonly dataDir?: string;
  readonly out?: string;
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
    .option("--data <name>", "data set: fashion-mnist")
    .option("--epochs <n>", "passes over the training images", wholeNumber)
    .option("--batch <n>", "images in one step", wholeNumber)
    .addOption(
      new Option("--optimizer <name>", "how weights are updated").choices(["sgd", "adam", "adamw"]),
    )
    .option("--lr <x>", "learning rate, at its peak", decimal)
    .option("--momentum <x>", "momentum of sgd, 0 … 1", decimal)
    .option("--weight-decay <x>", "weight decay", decimal)
    .option(
      "--schedule <s>",
      "learning rate over time: constant, cosine, cosine:WARMUP, or step:EPOCHS:FACTOR",
    )
    .addOption(new Option("--precision <p>", "arithmetic").choices(["fp32"]))
    .addOption(executorOption())
    .addOption(threadsOption())
    .option("--seed <n>", "seed of everything random: weights, split, order of images", seedNumber)
    .option("--limit-train <n>", "training images", wholeNumber)
    .option("--limit-valid <n>", "validation images", wholeNumber)
    .option("--limit-test <n>", "test images (default: all)", wholeNumber)
    .addOption(dataDirOption())
    .option("--out <dir>", "run directory (default: runs/RECIPE-TIME)")
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  resnet train fashion-resnet34 --epochs 5 --out runs/first")
    .action(train);

/** The recipe's configuration with what the flags override. */
function configOf(recipe: string, flags: TrainFlags): TrainConfig {
  const overrides = {
    model: flags.model,
    data: flags.data,
    epochs: flags.epochs,
    batch: flags.batch,
    optimizer: flags.optimizer,
    learningRate: flags.lr,
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
  return parseConfig({ ...findRecipe(recipe).config, ...Object.fromEntries(given) });
}

async function train(recipe: string, flags: TrainFlags): Promise<void> {
  const output = new Output(flags.json ?? false);
  const config = configOf(recipe, flags);
  const makeModel = findModel(config.model);
  const start = performance.now();
  const data = await loadData(config.data, flags.dataDir, output);
  const { trainData, validData, testData } = splitData(data, config);
  const [, height = 0, width = 0, channels = 0] = data.train.images.shape;
  const { classes } = data.train;
  const model = makeModel({ classes: classes.length, channels });
  const executor = createExecutor(flags.executor, {
    threads: flags.threads,
    onNotice: (notice) => output.notice(notice),
  });
  const interrupt = stopOnInterrupt((line) => output.notice(line));
  try {
    const run = await RunDirectory.create(flags.out ?? defaultDirectory(config.recipe), config);
    writeModelState(executor, model, initialState(model, config.seed));
    output.say(
      `${config.model} (${countParameters(model).toLocaleString("en-US")} parameters) on ${config.data}: ` +
        `${trainData.labels.data.length} training, ${validData.labels.data.length} validation, ` +
        `${testData.labels.data.length} test images; ${executor.description}`,
    );

    const { trainSize, validSize, seed, normalise } = config;
    const description = {
      model: config.model,
      classes: [...classes],
      imageShape: [height, width, channels] as [number, number, number],
      normalise,
      data: { name: config.data, trainSize, validSize, seed },
    };
    const steps = Math.ceil(trainData.labels.data.length / config.batch);
    const progress = new Progress(config.epochs * steps, "steps");
    const loop = trainLoop({
      executor,
      model,
      config,
      train: trainData,
      valid: validData,
      signal: interrupt.signal,
      onStep: ({ epoch, step, loss, imagesPerSecond }) =>
        progress.update(
          (epoch - 1) * steps + step,
          `epoch ${epoch}/${config.epochs} | loss ${loss.toFixed(4)} | ${Math.round(imagesPerSecond)} images/s | `,
        ),
    });
    try {
      for await (const metrics of loop) {
        progress.clear();
        output.say(formatEpoch(metrics, config.epochs));
        await run.saveEpoch(metrics, description, readModelState(executor, model));
      }
    } finally {
      progress.clear();
    }
    if (interrupt.signal.aborted) {
      await run.saveLast(
        { ...description, epoch: run.epochs.length },
        readModelState(executor, model),
      );
      output.notice(
        `stopped after ${run.epochs.length} of ${config.epochs} epochs; the weights are in ${path.join(run.directory, "last.safetensors")}`,
      );
      process.exitCode = 130;
      return;
    }

    const testSource = uploadDataset(executor, "test", testData, normalise);
    const labels = testData.labels.data;
    const test = await createEvaluator(executor, model, testSource, labels, config.batch)();
    const text = await writeRunReport(run, test, labels, classes);
    const minutes = formatDuration((performance.now() - start) / 1000);
    output.result(
      documentOf(run, test),
      `\n${text}\n${run.directory}: weights, metrics, report and charts, after ${minutes}`,
    );
  } finally {
    interrupt.dispose();
    await executor.close();
  }
}

interface DataParts {
  readonly trainData: Dataset;
  readonly validData: Dataset;
  readonly testData: Dataset;
}

/** The images that the run uses, drawn with its seed. */
function splitData(
  { train, test }: DatasetSplits,
  { trainSize, validSize, testSize, seed }: TrainConfig,
): DataParts {
  const rows = splitRows(train.labels.data.length, { train: trainSize, valid: validSize }, seed);
  return {
    trainData: takeRows(train, rows.train),
    validData: takeRows(train, rows.valid),
    testData:
      testSize === null
        ? test
        : takeRows(test, splitRows(test.labels.data.length, { test: testSize }, seed).test),
  };
}

const defaultDirectory = (recipe: string): string =>
  path.join("runs", `${recipe}-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}`);

function formatEpoch(metrics: EpochMetrics, epochs: number): string {
  const { epoch, trainLoss, validLoss, validAccuracy, imagesPerSecond } = metrics;
  const number = String(epoch).padStart(String(epochs).length);
  return (
    `epoch ${number}/${epochs}   train loss ${trainLoss.toFixed(4)}   validation loss ${validLoss.toFixed(4)}   ` +
    `validation accuracy ${validAccuracy.toFixed(4)}   ${Math.round(imagesPerSecond)} images/s`
  );
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
