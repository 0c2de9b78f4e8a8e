import { readFile } from "node:fs/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { readWeights } from "../../interop/read-weights.js";
import type { StoredArray } from "../../../interop/stored-array.js";
import { sourceOf } from "../../../interop/write-safetensors.js";
import { findModel, models, type ModelSize, type VariantOptions } from "../../../models/catalog.js";
import { UsageError } from "../../../tensor/error.js";
import { graphHash } from "../../runs/describe-training.js";
import { writeCheckpoint } from "../../runs/checkpoint-file.js";
import type { CheckpointDescription } from "../../../checkpoint/description.js";
import { importWeights, type ImportedModel } from "../../../checkpoint/import-weights.js";
import { nameOf, parseVariant } from "../../../checkpoint/model-variant.js";
import { modelName, ownNetwork, refuseOptions, type OwnNetwork } from "../own-network.js";
import {
  decimal,
  decimals,
  imageSize,
  jsonOption,
  modelOptionOption,
  zeroOrMore,
  wholeNumber,
} from "../options.js";
import { Output } from "../output.js";
import {
  fetchShown,
  pretrainedDirOption,
  pretrainedOption,
  type PretrainedFlags,
} from "../pretrained.js";
import { importPretrained } from "../../pretrained/pretrained.js";
import { formatTransforms } from "../../../data/transforms/transform-text.js";
import { requireExtension, requireOther } from "../output-file.js";
import { writeOutput } from "../../files/write-output.js";

interface ImportFlags extends PretrainedFlags {
  readonly model?: string;
  readonly modelOption?: VariantOptions;
  readonly out: string;
  readonly classes?: number;
  readonly classNames?: string;
  readonly input?: readonly [number, number, number];
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly cropShare?: number;
  readonly interpolation?: "bilinear" | "bicubic";
  readonly state?: string;
  readonly seed: number;
  readonly json?: boolean;
}

export const importCommand = (): Command =>
  new Command("import")
    .summary("make a checkpoint of PyTorch's weights or of safetensors")
    .description(
      "Reads weights of torchvision, timm, Hugging Face or of this package: PyTorch's .pth, .pt, .th and .bin, " +
        "safetensors, and the .index.json of a model in shards. No code of the file is run.",
    )
    .argument("[file]", "file of weights; not with --pretrained")
    .addOption(
      pretrainedOption().conflicts([
        "model",
        "modelOption",
        "input",
        "mean",
        "std",
        "cropShare",
        "interpolation",
        "state",
      ]),
    )
    .addOption(pretrainedDirOption())
    .option(
      "--model <name>",
      `model: ${Object.keys(models).join(", ")}, or your own module, such as ./my-net.js`,
    )
    .addOption(modelOptionOption())
    .requiredOption("--out <checkpoint>", "the checkpoint to write, a .safetensors file")
    .option(
      "--classes <n>",
      "classes to tell apart; where the file has another number, the classifier starts anew",
      wholeNumber,
    )
    .option(
      "--class-names <file>",
      "names of the classes, one a line (default: ImageNet's for its 1000, else their numbers)",
    )
    .option(
      "--input <CxHxW>",
      "channels, height and width of an image (default: those that the model was made for)",
      imageSize,
    )
    .option(
      "--mean <list>",
      "mean of each channel, of pixels scaled to 0 … 1 (default: ImageNet's)",
      decimals,
    )
    .option("--std <list>", "standard deviation of each channel (default: ImageNet's)", decimals)
    .option(
      "--crop-share <share>",
      "side of the crop as a share of the resized picture's, timm's crop_pct (default: 0.875 for photographs)",
      shareOf,
    )
    .addOption(
      new Option("--interpolation <name>", "how pictures are resized (default: bilinear)").choices([
        "bilinear",
        "bicubic",
      ]),
    )
    .option(
      "--state <name>",
      "which weights of the file, where it has several: a key such as state_dict_ema, or what their names begin with",
    )
    .option("--seed <n>", "seed of a classifier that starts anew", zeroOrMore, 0)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExample:\n  resnet import resnet50.pth --model resnet50 --out resnet50.safetensors",
    )
    .action(importFile);

async function importFile(file: string | undefined, flags: ImportFlags): Promise<void> {
  const output = new Output(flags.json ?? false);
  requireExtension(flags.out, ".safetensors", "safetensors");
  if (file !== undefined) await requireOther(flags.out, [file]);
  const { imported, create } = await (flags.pretrained === undefined
    ? importGiven(file, flags, output)
    : importPublished(file, flags.pretrained, flags, output));
  const { description, state, counters, replaced } = imported;
  const tensors = new Map<string, StoredArray>([...state, ...counters]);
  const written = create
    ? {
        ...description,
        graphSha256: graphHash(create(sizeOf(description)), description.imageShape),
      }
    : description;
  await writeOutput(flags.out, () => writeCheckpoint(flags.out, written, sourceOf(tensors)));
  const { model, classes, imageShape, transforms = [], normalize } = description;
  const [height, width, channels] = imageShape;
  const anew = replaced.length > 0 ? `; starting anew: ${replaced.join(", ")}` : "";
  const prepared = transforms.length > 0 ? `; pictures: ${formatTransforms(transforms)}` : "";
  output.result(
    {
      checkpoint: flags.out,
      model,
      classes,
      imageShape,
      transforms,
      normalize,
      tensors: state.size,
      replaced,
    },
    `${flags.out}: ${nameOf(description)} for images ${channels}x${height}x${width} of ${classes.length} classes, ` +
      `${state.size} tensors${anew}${prepared}`,
  );
}

interface Imported {
  readonly imported: ImportedModel;
  /** Makes the network, if it is the user's own. */
  readonly create?: OwnNetwork["create"];
}

async function importGiven(
  file: string | undefined,
  flags: ImportFlags,
  output: Output,
): Promise<Imported> {
  const { model } = flags;
  if (file === undefined || model === undefined) {
    const [missing, example] =
      file === undefined
        ? ["a file of weights", "resnet50.pth"]
        : ["its model", "--model resnet50"];
    throw new UsageError(
      "ERR_CONFIG",
      `name ${missing}, such as ${example}, or published weights with --pretrained`,
    );
  }
  const modelOptions = flags.modelOption && parseVariant(flags.modelOption);
  const own = await ownNetwork(model);
  if (own) refuseOptions(model, modelOptions);
  else findModel(model, modelOptions); // before a long read
  const weights = await readWeights(file, {
    state: flags.state,
    onNotice: (notice) => output.notice(notice),
  });
  const imported = importWeights(weights, {
    file,
    model: modelName(model),
    ...(own && { create: own.create }),
    modelOptions,
    classes: flags.classes,
    classNames: await classNamesOf(flags),
    image: flags.input,
    normalize: normalizeOf(flags),
    cropShare: flags.cropShare,
    interpolation: flags.interpolation,
    seed: flags.seed,
  });
  for (const notice of imported.notices) output.notice(`${file}: ${notice}`);
  return { imported, ...(own && { create: own.create }) };
}

async function importPublished(
  file: string | undefined,
  name: string,
  flags: ImportFlags,
  output: Output,
): Promise<Imported> {
  if (file !== undefined) {
    throw new UsageError(
      "ERR_CONFIG",
      `${file} and --pretrained ${name} are two sources of weights: leave out one of them`,
    );
  }
  const { classes, seed } = flags;
  const classNames = await classNamesOf(flags);
  const imported = await importPretrained(await fetchShown(name, flags, output), {
    seed,
    ...(classes !== undefined && { classes }),
    ...(classNames && { classNames }),
    onNotice: (notice) => output.notice(notice),
  });
  return { imported };
}

const classNamesOf = async ({ classNames }: ImportFlags): Promise<readonly string[] | undefined> =>
  classNames === undefined ? undefined : readLines(classNames);

const sizeOf = ({ classes, imageShape }: CheckpointDescription): ModelSize => ({
  classes: classes.length,
  channels: imageShape[2],
});

function shareOf(text: string): number {
  const share = decimal(text);
  if (share <= 0 || share > 1)
    throw new InvalidArgumentError("It takes a number above 0, at most 1.");
  return share;
}

function normalizeOf({ mean, std }: ImportFlags): CheckpointDescription["normalize"] | undefined {
  if (!mean && !std) return undefined;
  if (!mean || mean.length !== std?.length || std.some((deviation) => deviation <= 0)) {
    throw new UsageError(
      "ERR_CONFIG",
      "--mean and --std go together: one number for each channel, deviations above 0",
    );
  }
  return { mean: [...mean], std: [...std] };
}

async function readLines(file: string): Promise<readonly string[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError("ERR_CONFIG", `${file}: it cannot be read (${error.code})`, {
      cause: error,
    });
  });
  return text.split(/\r?\n/).filter((line) => line.trim() !== "");
}
