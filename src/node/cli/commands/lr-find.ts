import path from "node:path";
import { Command } from "commander";
import { learningRateSearchChart } from "../../../report/training-charts.js";
import { findLearningRate } from "../../../train/find-learning-rate.js";
import type { Precision } from "../../../program/precision.js";
import { configOptions, otherConfigOptions } from "../config-options.js";
import { imageFileOpener } from "../../train/image-file-opener.js";
import { loadPartsOf } from "../load-data.js";
import { withModelOfInit, withPretrained } from "../training/model-of-init.js";
import { stopOnSignal } from "../interrupt.js";
import { openExecutor } from "../open-executor.js";
import {
  decimal,
  jsonOption,
  machineOptions,
  wholeNumber,
  type DataFlags,
  type ExecutorFlags,
} from "../options.js";
import { Output } from "../output.js";
import { pictureFormat, pictureOf } from "../output-file.js";
import { Progress } from "../progress.js";
import { configOf, settled } from "../training/train-config.js";
import { ownNetwork, requireNamed } from "../own-network.js";
import { announcedWeights, sizeOf } from "../training/train-one.js";
import { describeTraining } from "../training/train-output.js";
import { writeOutput } from "../../files/write-output.js";

interface FindFlags extends ExecutorFlags, DataFlags {
  readonly from: number;
  readonly to: number;
  readonly steps: number;
  readonly chart: string;
  readonly precision?: Precision | "auto";
  readonly model?: string;
  readonly init?: string;
  readonly pretrained?: string;
  readonly pretrainedDir?: string;
  readonly json?: boolean;
}

/** Fields that a search does not ask for: it has no epochs, no schedule, and saves nothing. */
const unused = [
  "epochs",
  "learningRate",
  "schedule",
  "schedule.warmup",
  "emaDecay",
  "earlyStopping.patience",
  "bestMetric",
  "saveEvery",
  "testSize",
];

export function lrFindCommand(): Command {
  const command = new Command("lr-find")
    .summary("find a learning rate by trying many")
    .description(
      "Trains for some steps while the learning rate grows from very small to very large, and says " +
        "where the loss falls fastest: a good peak for --lr. Nothing of the training is kept.",
    )
    .argument("[recipe]", "named set-up of the training (default: that of the data)");
  for (const [field, option] of Object.entries(configOptions))
    if (!unused.includes(field)) command.addOption(option);
  for (const option of [...otherConfigOptions, ...machineOptions]) command.addOption(option);
  return command
    .option("--from <x>", "the first learning rate", decimal, 1e-6)
    .option("--to <x>", "the last", decimal, 1)
    .option("--steps <n>", "steps from the one to the other", wholeNumber, 100)
    .option("--chart <file>", "where to write the chart, as .svg or .png", "lr-find.svg")
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  resnet lr-find fashion-resnet34 --batch 128")
    .action(find);
}

async function find(recipe: string | undefined, flags: FindFlags): Promise<void> {
  const output = new Output(flags.json ?? false);
  pictureFormat(flags.chart); // before all the work
  const given = await withPretrained(await settled(flags), output);
  const config = configOf(recipe, await withModelOfInit(given));
  requireNamed(recipe ?? "the configuration", config.model, flags.model);
  const network = await ownNetwork(flags.model);
  const reading = { ...flags, transforms: config.transforms.eval };
  const parts = await loadPartsOf(config.data, config, reading, output);
  const executor = await openExecutor(flags, output);
  const bar = new Progress(flags.steps);
  const stop = stopOnSignal("finishing this step", (line) => output.notice(line));
  try {
    let done = 0;
    const search = await findLearningRate(config, parts, {
      executor,
      files: imageFileOpener(flags),
      ...(network && { model: network.create(sizeOf(config, parts.train)) }),
      weights: (model) => announcedWeights(model, config, parts.train.classes, { flags, output }),
      callbacks: [{ onStart: (training) => output.say(describeTraining(training, parts)) }],
      from: flags.from,
      to: flags.to,
      steps: flags.steps,
      signal: stop.signal,
      onTrial: ({ learningRate, smoothedLoss }) =>
        bar.update(++done, [
          `learning rate ${learningRate.toExponential(1)}`,
          `loss ${smoothedLoss.toFixed(4)}`,
        ]),
    });
    bar.clear();
    const { chart } = flags;
    const about = `${config.model} on ${path.basename(config.data)}`;
    await writeOutput(chart, await pictureOf(chart, learningRateSearchChart(search, { about })));
    const finding =
      search.suggestion === null
        ? `the loss did not fall between ${flags.from} and ${flags.to}`
        : `the loss falls fastest at a learning rate of ${search.suggestion.toPrecision(2)}`;
    output.result({ ...search, chart }, `${finding}; ${search.trials.length} steps, ${chart}`);
    if (stop.exitCode !== null) process.exitCode = stop.exitCode;
  } finally {
    bar.clear();
    stop.dispose();
    await executor.close();
  }
}
