import path from "node:path";
import { InvalidArgumentError, Option, type OptionValues } from "commander";
import { parseTransforms } from "../data/transforms/transform-text.js";
import { isOnDisk } from "../data/images/is-on-disk.js";
import { datasetInfo, listDatasets } from "../data/dataset-info.js";
import { prefersBf16 } from "../executors/create-executor.js";
import { models } from "../models/catalog.js";
import { ResnetError } from "../tensor/error.js";
import { parseConfig, type TrainConfig } from "../train/config.js";
import type { Precision } from "../train/precision.js";
import { findRecipe } from "../train/recipes.js";
import { scheduleForms } from "../train/schedules/schedule-config.js";
import {
  assignments,
  decimal,
  modelOptionOption,
  seedNumber,
  wholeNumber,
  type ExecutorFlags,
} from "./options.js";

const datasetNames = listDatasets().map(({ name }) => name);

/** The options that override a recipe, each by the path of the field whose value it gives. */
export const configOptions: Readonly<Record<string, Option>> = {
  model: new Option("--model <name>", `model: ${Object.keys(models).join(", ")}`),
  data: new Option(
    "--data <name>",
    `data set: ${datasetNames.join(", ")}, or a folder with train/CLASS/*.jpg or CLASS/*.jpg`,
  ).argParser(dataName),
  epochs: new Option("--epochs <n>", "passes over the training images").argParser(wholeNumber),
  batch: new Option("--batch <n>", "images in one step").argParser(wholeNumber),
  optimizer: new Option("--optimizer <name>", "how weights are updated").choices([
    "sgd",
    "adam",
    "adamw",
  ]),
  learningRate: new Option("--lr, --learning-rate <x>", "learning rate, at its peak").argParser(
    decimal,
  ),
  momentum: new Option("--momentum <x>", "momentum of sgd, 0 … 1").argParser(decimal),
  weightDecay: new Option("--weight-decay <x>", "weight decay").argParser(decimal),
  schedule: new Option("--schedule <s>", `learning rate over time: ${scheduleForms}`),
  "transforms.train": new Option(
    "--train-transforms <list>",
    'what is done to training images, such as "randomCrop(32, padding=4) randomHorizontalFlip", or none',
  ).argParser(parseTransforms),
  "transforms.eval": new Option(
    "--eval-transforms <list>",
    'the same for validation and test, such as "resize(96)"',
  ).argParser(parseTransforms),
  precision: new Option(
    "--precision <p>",
    "arithmetic; auto is bf16 where the processor multiplies it (default: fp32)",
  ).choices(["fp32", "bf16", "auto"]),
  seed: new Option(
    "--seed <n>",
    "seed of everything random: weights, split, order of images",
  ).argParser(seedNumber),
  trainSize: new Option("--limit-train <n>", "training images").argParser(wholeNumber),
  validSize: new Option(
    "--limit-valid <n>",
    "validation images, held out of the training images; 0: the test images validate",
  ).argParser(seedNumber),
  stratify: new Option(
    "--stratify",
    "draw training and validation images with each class in its proportion",
  ),
  sampling: new Option(
    "--sampling <how>",
    "images of an epoch: shuffle takes each once (default), balanced as many of each class",
  ).choices(["shuffle", "balanced"]),
  classWeights: new Option(
    "--class-weights <w>",
    "what images count in the loss: balanced, or a number for each class, such as 1,2.5",
  ).argParser(classWeights),
  init: new Option(
    "--init <file>",
    "start from these weights: a checkpoint, or what resnet import reads; another number of classes starts the head anew",
  ).argParser((file) => path.resolve(file)),
  freeze: new Option(
    "--freeze <parts>",
    "parts of the model that keep their values, such as stem,layer1 or backbone",
  ).argParser((text) => text.split(",")),
  bestMetric: new Option(
    "--best-metric <m>",
    "what picks best.safetensors: valid-accuracy (default) or valid-loss",
  ).argParser(bestMetric),
  saveEvery: new Option(
    "--save-every <steps>",
    "save after every so many steps, not only after each epoch",
  ).argParser(wholeNumber),
  testSize: new Option("--limit-test <n>", "test images (default: all)").argParser(wholeNumber),
};

/** Any field of the configuration, also those without an option of their own. */
const setOption = new Option(
  "--set <field=value>",
  "any other field of the configuration, such as emaDecay=0.99; may be repeated; docs/training.md lists them",
)
  .argParser(assignments("FIELD=VALUE, such as emaDecay=0.99"))
  .conflicts("resume");

/** The learning rate of the head alone, which the configuration says as a factor of the model's. */
const headRateOption = new Option(
  "--head-lr <x>",
  "learning rate of the last linear layer, for fine-tuning (default: that of all)",
)
  .argParser(decimal)
  .conflicts("resume");

const normaliseOption = new Option(
  "--normalise-from-data",
  "normalise by the mean and deviation of the training images",
).conflicts("resume");

/** Options of the configuration that are not the value of one field, and which a resumed run does not take. */
export const otherConfigOptions: readonly Option[] = [
  modelOptionOption().conflicts("resume"),
  headRateOption,
  setOption,
  normaliseOption,
];

/** A name as it is, a path from the root: to be found again from wherever the run goes on. */
function dataName(text: string): string {
  return isOnDisk(text) ? path.resolve(text) : text;
}

function classWeights(text: string): TrainConfig["classWeights"] {
  return text === "balanced" ? text : text.split(",").map(decimal);
}

function bestMetric(text: string): TrainConfig["bestMetric"] {
  if (text === "valid-accuracy") return "validAccuracy";
  if (text === "valid-loss") return "validLoss";
  throw new InvalidArgumentError("Allowed choices are valid-accuracy, valid-loss.");
}

/**
 * The configurations of what a recipe compares, by name, with what the flags override; null if the recipe is one training.
 *
 * @throws {ResnetError} `ERR_COMPARISON` for a flag that would make the trainings alike
 */
export function trainingsOf(
  name: string | undefined,
  flags: OptionValues,
): ReadonlyMap<string, TrainConfig> | null {
  if (name === undefined) return null;
  const trainings = Object.entries(findRecipe(name).trainings);
  if (trainings.length === 0) return null;
  for (const [flag, field] of givenFields(flags)) {
    if (!trainings.some(([, own]) => Object.hasOwn(own, field))) continue;
    const names = trainings.map(([training]) => training).join(", ");
    throw new ResnetError(
      "ERR_COMPARISON",
      `${flag}: the trainings of ${name} (${names}) differ in it; leave it out, or choose another recipe`,
    );
  }
  if (flags["normaliseFromData"] === true) {
    throw new ResnetError(
      "ERR_COMPARISON",
      `--normalise-from-data is for one training, and ${name} compares several: --set normalise=… is for all`,
    );
  }
  const config = configOf(name, flags);
  return new Map(
    trainings.map(([training, own]) => [training, parseConfig({ ...config, ...own })]),
  );
}

/** The flags that give a field of the configuration, with that field. */
function givenFields(flags: OptionValues): (readonly [flag: string, field: string])[] {
  const options = Object.entries(configOptions)
    .filter(([, option]) => flags[option.attributeName()] !== undefined)
    .map(([field, option]) => [option.long!, field] as const);
  const set = Object.keys((flags["set"] as object | undefined) ?? {});
  const assigned = set.map((field) => [`--set ${field}`, field] as const);
  // Weights are of one model. It comes first, since `withModelOfInit` has added that model's flag.
  const init = flags["init"] === undefined ? [] : [["--init", "model"] as const];
  return [...init, ...options, ...assigned];
}

/**
 * The recipe's configuration with what the flags override.
 *
 * @param name undefined takes the recipe for the kind of data
 */
export function configOf(name: string | undefined, flags: OptionValues): TrainConfig {
  const data = flags["data"] as string | undefined;
  const isFolder = data !== undefined && isOnDisk(data);
  const recipe = findRecipe(name ?? (isFolder ? "image-folder" : "fashion-resnet34")).config;
  const config: Record<string, unknown> = structuredClone(recipe);
  if (data !== undefined && data !== recipe.data && !isFolder) {
    config["normalise"] = datasetInfo(data).normalise ?? recipe.normalise;
  }
  for (const [path, option] of Object.entries(configOptions)) {
    const value: unknown = flags[option.attributeName()];
    if (value !== undefined) setAt(config, path.split("."), value);
  }
  if (flags["model"] !== undefined) config["modelOptions"] = {}; // the recipe's are of its own model
  Object.assign(config["modelOptions"] as object, flags["modelOption"]);
  Object.assign(config, flags["set"]);
  const headRate = flags["headLr"] as number | undefined;
  if (headRate !== undefined) {
    const head = headRate / Number(config["learningRate"]);
    config["rateFactors"] = { ...(config["rateFactors"] as object), head };
  }
  return parseConfig(config);
}

/** With a precision that `config.json` can record: it says what was used. */
export const settled = <F extends ExecutorFlags & { readonly precision?: Precision | "auto" }>(
  flags: F,
): F =>
  flags.precision === "auto"
    ? { ...flags, precision: prefersBf16(flags.executor) ? "bf16" : "fp32" }
    : flags;

/** Sets a field of a field. */
export function setAt(
  object: Record<string, unknown>,
  path: readonly string[],
  value: unknown,
): void {
  const [name = "", ...rest] = path;
  if (rest.length === 0) object[name] = value;
  else setAt(object[name] as Record<string, unknown>, rest, value);
}
