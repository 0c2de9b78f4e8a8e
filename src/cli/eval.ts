import { Command, Option } from "commander";
import type { Dataset } from "../data/dataset.js";
import { splitRows } from "../data/split.js";
import { takeRows } from "../data/take-rows.js";
import { transformedShape } from "../data/transforms/compose-transforms.js";
import { createExecutor } from "../executors/create-executor.js";
import { createModel } from "../models/catalog.js";
import { classificationReport } from "../report/classification-report.js";
import { confusionMatrix } from "../report/confusion-matrix.js";
import { formatClassificationReport } from "../report/format-classification-report.js";
import { ResnetError } from "../tensor/error.js";
import { dims4, formatShape, sameShape } from "../tensor/shape.js";
import { residentSource } from "../train/batch-source.js";
import { Checkpoint, type CheckpointDescription } from "../train/checkpoint.js";
import { createEvaluator } from "../train/evaluate.js";
import { loadData } from "./load-data.js";
import {
  dataDirOption,
  executorOption,
  jsonOption,
  threadsOption,
  wholeNumber,
  type ExecutorFlags,
} from "./options.js";
import { Output } from "./output.js";

interface EvalFlags extends ExecutorFlags {
  readonly data?: string;
  readonly split: "test" | "valid" | "train";
  readonly batch: number;
  readonly dataDir?: string;
  readonly json?: boolean;
}

export const evalCommand = (): Command =>
  new Command("eval")
    .summary("test a checkpoint on a data set")
    .description(
      "Evaluates the weights of a checkpoint: accuracy, loss, and a report for each class.",
    )
    .argument("<checkpoint>", "a run's last.safetensors or best.safetensors")
    .option("--data <name>", "data set (default: the one it was trained on)")
    .addOption(
      new Option("--split <part>", "test images, or the run's own training or validation images")
        .choices(["test", "valid", "train"])
        .default("test"),
    )
    .option("--batch <n>", "images evaluated at a time", wholeNumber, 512)
    .addOption(executorOption())
    .addOption(threadsOption())
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  resnet eval runs/first/best.safetensors --split valid")
    .action(evaluateCheckpoint);

async function evaluateCheckpoint(file: string, flags: EvalFlags): Promise<void> {
  const output = new Output(flags.json ?? false);
  const checkpoint = await Checkpoint.open(file);
  try {
    await evaluateOpened(checkpoint, flags, output);
  } finally {
    await checkpoint.close();
  }
}

async function evaluateOpened(
  checkpoint: Checkpoint,
  flags: EvalFlags,
  output: Output,
): Promise<void> {
  const { file, description } = checkpoint;
  const { imageShape, transforms = [], normalise } = description;
  const data = await loadPart(description, flags, output);
  const [, height, width, channels] = dims4(data.images);
  const made = transformedShape(transforms, { height, width, channels });
  const seen = [made.height, made.width, made.channels];
  if (!sameShape(seen, imageShape) || data.classes.length !== description.classes.length) {
    throw new ResnetError(
      "ERR_CHECKPOINT",
      `${file} takes images ${formatShape(imageShape)} (H W C) of ${description.classes.length} classes, ` +
        `but ${data.name} has ${formatShape(seen)} of ${data.classes.length}`,
    );
  }
  const model = createModel(description.model, {
    classes: description.classes.length,
    channels: made.channels,
  });
  const executor = createExecutor(flags.executor, {
    threads: flags.threads,
    onNotice: (notice) => output.notice(notice),
  });
  try {
    await checkpoint.load(executor, model);
    const labels = data.labels.data;
    const source = residentSource(executor, flags.split, data, { ...normalise, transforms });
    const { accuracy, loss, predictions } = await createEvaluator(
      executor,
      model,
      source,
      flags.batch,
      description.precision,
    )();
    const confusion = confusionMatrix(labels, predictions, data.classes.length);
    const report = classificationReport(confusion, data.classes);
    output.result(
      { accuracy, loss, samples: labels.length, report, confusion },
      `accuracy ${accuracy.toFixed(4)}, loss ${loss.toFixed(4)}, ${labels.length} images\n\n${formatClassificationReport(report)}`,
    );
  } finally {
    await executor.close();
  }
}

async function loadPart(
  { data }: CheckpointDescription,
  flags: EvalFlags,
  output: Output,
): Promise<Dataset> {
  const name = flags.data ?? data?.name;
  if (name === undefined || (flags.split !== "test" && !data)) {
    throw new ResnetError(
      "ERR_CONFIG",
      "the weights were imported, and do not say which images they were trained on: name a data set with --data, " +
        "and test on its test images",
    );
  }
  const { train, test } = await loadData(name, flags.dataDir, output);
  if (flags.split === "test" || !data) return test;
  const rows = splitRows(
    train.labels.data.length,
    { train: data.trainSize, valid: data.validSize },
    data.seed,
  );
  return takeRows(train, rows[flags.split]);
}
