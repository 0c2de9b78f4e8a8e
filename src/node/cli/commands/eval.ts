import path from "node:path";
import { Command, Option } from "commander";
import { matchClasses } from "../../../data/match-classes.js";
import type { Split } from "../../../data/image-parts.js";
import { checkFingerprint, fingerprintOf } from "../../data/fingerprint.js";
import { isOnDisk } from "../../data/images/images-on-disk.js";
import type { DataParts } from "../../data/load-parts.js";
import type { LabelledImages } from "../../../data/image-files.js";
import { imageFileOpener } from "../../train/image-file-opener.js";
import { readFolder } from "../../data/loader/read-folder.js";
import { countViews, oneView } from "../../../data/transforms/test-views.js";
import { formatClassificationReport } from "../../../report/classification-report.js";
import { formatScores, formatViews, testReport } from "../../../report/test-report.js";
import { ResnetError, UsageError } from "../../../tensor/error.js";
import { printableList } from "../../../tensor/printable.js";
import { formatShape, sameShape } from "../../../tensor/shape.js";
import { openPlace, placeAndWords } from "../checkpoint-of.js";
import { checkOutputs, requireTwoClasses } from "../../../predict/usable-outputs.js";
import { areClassesNamed } from "../../../checkpoint/description.js";
import type { Checkpoint } from "../../../checkpoint/checkpoint.js";
import { evaluateViews } from "../../../train/evaluate.js";
import type { Precision } from "../../../program/precision.js";
import { modelOf } from "../../../checkpoint/model-variant.js";
import { networkOf } from "../own-network.js";
import { precisionOf } from "../training/train-config.js";
import { loadPartsOf } from "../load-data.js";
import { openExecutor } from "../open-executor.js";
import {
  cacheOption,
  dataDirOption,
  executorOption,
  jsonOption,
  precisionOption,
  adapterOption,
  threadsOption,
  wholeNumber,
  zeroOrMore,
  onUnreadableOption,
  ownModelOption,
  workersOption,
  type DataFlags,
  type ExecutorFlags,
} from "../options.js";
import { Output } from "../output.js";
import { pretrainedDirOption, pretrainedOption, type PretrainedFlags } from "../pretrained.js";
import { shapeSeen, ImageSources } from "../../../train/sources/image-sources.js";

interface EvalFlags extends ExecutorFlags, DataFlags, PretrainedFlags {
  readonly data?: string;
  readonly split: Split;
  readonly batch: number;
  readonly model?: string;
  readonly precision?: Precision | "auto";
  readonly mirror?: boolean;
  readonly shift?: number;
  readonly json?: boolean;
}

export const evalCommand = (): Command =>
  new Command("eval")
    .summary("test a checkpoint on a data set")
    .description(
      "Evaluates the weights of a checkpoint: accuracy, loss, and a report for each class.",
    )
    .argument(
      "[checkpoint]",
      "a run's directory, its last.safetensors or best.safetensors, or an imported file; not with --pretrained",
    )
    .addOption(pretrainedOption())
    .addOption(pretrainedDirOption())
    .option("--data <name>", "data set, folder or .csv file (default: the one it was trained on)")
    .addOption(
      new Option(
        "--split <part>",
        "all test images, or the run's own training or validation images",
      )
        .choices(["test", "valid", "train"])
        .default("test"),
    )
    .option("--batch <n>", "images evaluated at a time", wholeNumber, 512)
    .addOption(ownModelOption())
    .addOption(precisionOption("that of the training"))
    .option(
      "--mirror",
      "also show mirror images, and take the mean of the probabilities (default: of test images as after the training)",
    )
    .option("--no-mirror", "show no mirror images")
    .option(
      "--shift <pixels>",
      "also show each image moved to its four corners; 0 does not (default: the same)",
      zeroOrMore,
    )
    .addOption(executorOption())
    .addOption(threadsOption())
    .addOption(adapterOption())
    .addOption(dataDirOption())
    .addOption(workersOption())
    .addOption(cacheOption())
    .addOption(onUnreadableOption())
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  resnet eval runs/first/best.safetensors --split valid")
    .action(evaluateCheckpoint);

async function evaluateCheckpoint(file: string | undefined, flags: EvalFlags): Promise<void> {
  const { place } = placeAndWords([file], flags, ["checkpoint"]);
  const output = new Output(flags.json ?? false);
  const checkpoint = await openPlace(place, flags, output);
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
  const { imageShape, transforms = [], normalize } = description;
  requireTwoClasses(description);
  const own = await networkOf(file, description, flags.model, output);
  const model = own ?? modelOf(description);
  const found = await loadPart(checkpoint, flags, output);
  const areNamed = areClassesNamed(description);
  const data = matchClasses(found, { file, classes: description.classes, areNamed });
  if (!areNamed) output.notice(describeUnnamed(file, found.classes));
  const preparation = { transforms: { train: transforms, eval: transforms }, normalize };
  const made = shapeSeen(data, preparation);
  const seen = [made.height, made.width, made.channels];
  if (!sameShape(seen, imageShape)) {
    throw new ResnetError(
      "ERR_CHECKPOINT",
      `${file} takes images ${formatShape(imageShape)} (H W C), but ${data.name} has ${formatShape(seen)}`,
    );
  }
  const { mirror, shift } = (flags.split === "test" && description.testViews) || oneView;
  const views = { mirror: flags.mirror ?? mirror, shift: flags.shift ?? shift };
  const precision = (await precisionOf(flags)) ?? description.precision ?? "fp32";
  const executor = await openExecutor(flags, output);
  const sources = new ImageSources(executor, preparation, imageFileOpener(flags));
  try {
    await checkpoint.load(executor, model);
    const { batch } = flags;
    const opened = sources.testViews(flags.split, data, views);
    const evaluation = await evaluateViews(opened, { executor, model, batch, precision });
    checkOutputs([evaluation.loss], `${file}: the losses`);
    const result = testReport(evaluation, data, countViews(views));
    const scores = `${formatScores(result)}, ${result.samples} images${formatViews(result.views)}`;
    const text = `${scores}\n\n${formatClassificationReport(result.report)}`;
    output.result({ ...result, precision }, text);
  } finally {
    await sources.close();
    await executor.close();
  }
}

/**
 * The images to evaluate; of another folder than the one trained on, all those meant for tests.
 *
 * @throws {DataError} as `loadParts`, and `checkFingerprint` where they were drawn from images that have changed since
 */
async function loadPart(
  { file, description: { data, transforms = [] } }: Checkpoint,
  flags: EvalFlags,
  output: Output,
): Promise<LabelledImages> {
  const name = flags.data ?? data?.name;
  if (name === undefined || (flags.split !== "test" && !data)) {
    throw new UsageError(
      "ERR_CONFIG",
      "the weights were imported, and do not say which images they were trained on: name a data set with --data, " +
        "and test on its test images",
    );
  }
  const reading = { ...flags, transforms };
  if (flags.split === "test" && isOnDisk(name) && path.resolve(name) !== data?.name) {
    const onNotice = (notice: string): void => output.notice(notice);
    const { train, valid, test } = await readFolder(name, { ...reading, onNotice });
    return (test ?? valid ?? train)!;
  }
  const sizes = data ?? { trainSize: null, validSize: null, seed: 0 };
  const testSize = (flags.split === "valid" && data?.testSize) || null;
  const parts = await loadPartsOf(name, { ...sizes, testSize }, reading, output);
  const drawn = drawnSplit(flags.split, parts, sizes.validSize);
  if (drawn && data?.fingerprint) {
    checkFingerprint(data.fingerprint, await fingerprintOf(parts, name), [drawn], file);
  }
  return parts[flags.split];
}

/** Which part of the training's images is asked for; null for test images that had no part in it. */
function drawnSplit(split: Split, parts: DataParts, validSize: number | null): Split | null {
  if (split !== "test") return split;
  return parts.test === parts.valid && validSize !== 0 ? "valid" : null;
}

const describeUnnamed = (file: string, classes: readonly string[]): string =>
  `${file} numbers its classes and does not name them: taken for ${printableList(classes)}, in this order ` +
  "(resnet import --class-names names them)";
