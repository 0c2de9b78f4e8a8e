import path from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { listDatasets } from "../../data/dataset-info.js";
import { isOnDisk } from "../data/images/images-on-disk.js";
import { parseTransforms } from "../../data/transforms/transform-text.js";
import { models } from "../../models/catalog.js";
import type { TrainConfig } from "../../train/config/config.js";
import { scheduleForms } from "../../train/schedules/schedule-config.js";
import { modelName } from "./own-network.js";
import { pretrainedOption } from "./pretrained.js";
import {
  assignments,
  decimal,
  modelOptionOption,
  precisionOption,
  wholeNumber,
  zeroOrMore,
} from "./options.js";

const datasetNames = listDatasets().map(({ name }) => name);

/** The options that override a recipe, each by the path of the field whose value it gives. */
export const configOptions: Readonly<Record<string, Option>> = {
  model: new Option(
    "--model <name>",
    `model: ${Object.keys(models).join(", ")}, or your own module, such as ./my-net.js`,
  ).argParser(modelName),
  data: new Option(
    "--data <name>",
    `data set: ${datasetNames.join(", ")}, a folder with train/CLASS/*.jpg or CLASS/*.jpg, or a .csv of paths and labels`,
  ).argParser(dataName),
  epochs: new Option("--epochs <n>", "passes over the training images").argParser(wholeNumber),
  batch: new Option("--batch <n>", "images computed at once").argParser(wholeNumber),
  optimizer: new Option("--optimizer <name>", "how weights are updated").choices([
    "sgd",
    "adam",
    "adamw",
  ]),
  learningRate: new Option("--lr, --learning-rate <x>", "learning rate, at its peak").argParser(
    decimal,
  ),
  "schedule.warmup": new Option(
    "--warmup <span>",
    "epochs in which the learning rate grows to where the schedule begins, or a share of the training, such as 5%",
  ).argParser(span),
  momentum: new Option("--momentum <x>", "momentum of sgd, 0 … 1").argParser(decimal),
  nesterov: new Option("--nesterov", "sgd looks ahead along the velocity; needs a momentum"),
  weightDecay: new Option("--weight-decay <x>", "weight decay").argParser(decimal),
  clipNorm: new Option(
    "--clip-norm <x>",
    "scale all gradients of a step down to this L2 norm together; 0: never",
  ).argParser(decimal),
  accumulate: new Option(
    "--accumulate <n>",
    "batches whose gradients make one step (default: 1)",
  ).argParser(wholeNumber),
  labelSmoothing: new Option("--smoothing <x>", "label smoothing, 0 … 1").argParser(decimal),
  mixup: new Option(
    "--mixup <alpha>",
    "mix pairs of images by a weighted sum; α of the Beta distribution, 0.05 … 8; 0: never",
  ).argParser(decimal),
  cutmix: new Option(
    "--cutmix <alpha>",
    "paste a box of one image into another; α as for --mixup; 0: never",
  ).argParser(decimal),
  emaDecay: new Option(
    "--ema-decay <x>",
    "validate and save an exponential moving average of the weights with this decay, such as 0.99; 0: none",
  ).argParser(decimal),
  "earlyStopping.patience": new Option(
    "--early-stopping <patience>",
    "stop after this many validations in a row without a lower validation loss; 0: never",
  ).argParser(zeroOrMore),
  schedule: new Option("--schedule <s>", `learning rate over time: ${scheduleForms}`),
  "transforms.train": new Option(
    "--train-transforms <list>",
    'what is done to training images, such as "randomCrop(32, padding=4) randomHorizontalFlip", or none',
  ).argParser(parseTransforms),
  "transforms.eval": new Option(
    "--eval-transforms <list>",
    'the same for validation and test, such as "resize(96)"',
  ).argParser(parseTransforms),
  precision: precisionOption("fp32"),
  seed: new Option(
    "--seed <n>",
    "seed of everything random: weights, split, order of images",
  ).argParser(zeroOrMore),
  trainSize: new Option("--limit-train <n>", "training images").argParser(wholeNumber),
  validSize: new Option(
    "--limit-valid <n>",
    "validation images, held out of the training images; 0: the test images validate",
  ).argParser(zeroOrMore),
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
    "start from these weights: a checkpoint, a run's directory, or what resnet import reads; another number of classes starts the head anew",
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
    "save after every so many steps, not only after each epoch; 0: only then",
  ).argParser(zeroOrMore),
  testSize: new Option("--limit-test <n>", "test images (default: all)").argParser(wholeNumber),
};

/** Fields whose option takes 0 for null: to switch off what a recipe has. */
export const offAtZero: ReadonlySet<string> = new Set([
  "clipNorm",
  "mixup",
  "cutmix",
  "emaDecay",
  "earlyStopping.patience",
  "saveEvery",
]);

/** Under which heading of the help an option stands; the help has the headings in the order of their first options. */
const headings: Readonly<Record<string, readonly string[]>> = {
  "Model and first weights:": ["model", "init", "freeze"],
  "Data:": [
    "data",
    "transforms.train",
    "transforms.eval",
    "trainSize",
    "validSize",
    "testSize",
    "stratify",
    "sampling",
  ],
  "Optimization:": [
    "epochs",
    "batch",
    "optimizer",
    "learningRate",
    "schedule",
    "schedule.warmup",
    "momentum",
    "nesterov",
    "weightDecay",
    "clipNorm",
    "accumulate",
    "emaDecay",
    "earlyStopping.patience",
  ],
  "Loss and regularization:": ["labelSmoothing", "mixup", "cutmix", "classWeights"],
  "Run:": ["precision", "seed", "bestMetric", "saveEvery"],
};

for (const [heading, fields] of Object.entries(headings))
  for (const field of fields) configOptions[field]?.helpGroup(heading);

/** Any field of the configuration, also those without an option of their own. */
const setOption = new Option(
  "--set <field=value>",
  "any other field of the configuration, such as keepEpochs=true; may be repeated; docs/training.md lists them",
)
  .argParser(assignments("FIELD=VALUE, such as keepEpochs=true"))
  .conflicts("resume")
  .helpGroup("Run:");

/** The learning rate of the head alone, which the configuration says as a factor of the model's. */
const headRateOption = new Option(
  "--head-lr <x>",
  "learning rate of the last linear layer, for fine-tuning (default: that of all)",
)
  .argParser(decimal)
  .conflicts("resume")
  .helpGroup("Optimization:");

const normalizeOption = new Option(
  "--normalize-from-data",
  "normalize by the mean and deviation of the training images",
)
  .conflicts("resume")
  .helpGroup("Data:");

/** Options of the configuration that are not the value of one field, and which a resumed run does not take. */
export const otherConfigOptions: readonly Option[] = [
  pretrainedOption().conflicts("resume").helpGroup("Model and first weights:"),
  modelOptionOption().conflicts("resume").helpGroup("Model and first weights:"),
  headRateOption,
  setOption,
  normalizeOption,
];

/** A name as it is, a path from the root: to be found again from wherever the run goes on. */
function dataName(text: string): string {
  return isOnDisk(text) ? path.resolve(text) : text;
}

function classWeights(text: string): TrainConfig["classWeights"] {
  return text === "balanced" ? text : text.split(",").map(decimal);
}

/** A number of epochs, or a share of the training such as `5%`. */
function span(text: string): number | string {
  return text.endsWith("%") ? text : decimal(text);
}

function bestMetric(text: string): TrainConfig["bestMetric"] {
  if (text === "valid-accuracy") return "validAccuracy";
  if (text === "valid-loss") return "validLoss";
  throw new InvalidArgumentError("Allowed choices are valid-accuracy, valid-loss.");
}
