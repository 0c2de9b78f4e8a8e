import { Command } from "commander";
import {
  createModel,
  models,
  defaultInput,
  type DefaultInput,
  type VariantOptions,
} from "../../../models/catalog.js";
import { formatSummary } from "../../../report/model-summary.js";
import { summarize } from "../../../report/model-summary.js";
import { nameOf, parseVariant } from "../../../checkpoint/model-variant.js";
import { findPretrained } from "../../../pretrained/find-pretrained.js";
import { UsageError } from "../../../tensor/error.js";
import { ownNetwork, refuseOptions } from "../own-network.js";
import { imageSize, jsonOption, modelOptionOption, wholeNumber } from "../options.js";
import { Output } from "../output.js";

interface SummaryFlags {
  readonly pretrained?: string;
  readonly modelOption?: VariantOptions;
  readonly input?: readonly [number, number, number];
  readonly classes?: number;
  readonly batch: number;
  readonly json?: boolean;
}

export const summaryCommand = (): Command =>
  new Command("summary")
    .summary("show a model's layers, parameters, multiply-adds and memory")
    .argument(
      "[model]",
      `${Object.keys(models).join(", ")}, or your own module, such as ./my-net.js`,
    )
    .option("--pretrained <name>", "the model of published weights, one of resnet pretrained list")
    .addOption(modelOptionOption())
    .option(
      "--input <CxHxW>",
      "channels, height and width of an image (default: those that the model was made for)",
      imageSize,
    )
    .option(
      "--classes <n>",
      "classes to tell apart (default: those that the model was made for)",
      wholeNumber,
    )
    .option("--batch <n>", "images in one training step, for its memory", wholeNumber, 32)
    .addOption(jsonOption())
    .addHelpText("after", "\nExample:\n  resnet summary resnet34 --input 1x28x28 --classes 10")
    .action(async (word: string | undefined, flags: SummaryFlags) => {
      const { modelOption, input, classes, batch, json, pretrained } = flags;
      const { name, purpose: published } = modelOfWords(word, pretrained);
      const own = await ownNetwork(name);
      if (own) refuseOptions(name, modelOption);
      const purpose = published ?? (own ? purposeOf(name, input, classes) : defaultInput(name));
      const image = input ?? purpose.image;
      const size = { classes: classes ?? purpose.classes, channels: image[0] };
      const modelOptions = parseVariant(modelOption ?? {});
      const model = own ? own.create(size) : createModel(name, { ...modelOptions, ...size });
      const summary = summarize(nameOf({ model: name, modelOptions }), model, image, { batch });
      new Output(json ?? false).result(summary, formatSummary(summary));
    });

/** The model, and for published weights the images and classes that they are for. */
function modelOfWords(
  model: string | undefined,
  pretrained: string | undefined,
): { readonly name: string; readonly purpose?: DefaultInput } {
  if ((model === undefined) === (pretrained === undefined))
    throw new UsageError("ERR_CONFIG", "name a model, or published weights with --pretrained");
  if (pretrained === undefined) return { name: model! };
  const { model: name, image, classes } = findPretrained(pretrained);
  return { name, purpose: { image, classes: classes || defaultInput(name).classes } };
}

/** @throws {ResnetError} `ERR_CONFIG` without an image size and a number of classes, which a module does not say */
function purposeOf(
  name: string,
  image: SummaryFlags["input"],
  classes: number | undefined,
): DefaultInput {
  if (image && classes !== undefined) return { image, classes };
  throw new UsageError(
    "ERR_CONFIG",
    `${name} does not say for which images and classes its network is: give both, such as --input 3x32x32 --classes 10`,
  );
}
