import { imageNetClasses } from "../data/catalog/imagenet.js";
import { fitWeights } from "../interop/fit-weights.js";
import { nameInModel } from "../interop/weight-names.js";
import type { Int64Array, Weights } from "../interop/stored-array.js";
import type { TransformList } from "../data/transforms/transform.js";
import {
  defaultInput,
  findModel,
  hasOption,
  type DefaultInput,
  type ModelSize,
  type VariantOptions,
} from "../models/catalog.js";
import { namedState, type Module } from "../nn/module.js";
import type { Shape } from "../tensor/shape.js";
import { UsageError } from "../tensor/error.js";
import type { CheckpointDescription } from "./description.js";
import { nameOf } from "./model-variant.js";
import { likeliestModel } from "./likeliest-model.js";
import type { ModelState } from "./model-state.js";

export interface ImportOptions {
  /** A name of the catalogue, or with `create` whatever the checkpoint should call the network. */
  readonly model: string;
  /** Makes a network that is not in the catalogue; `image` must be given then. Default: the catalogue's. */
  readonly create?: (size: ModelSize) => Module;
  /** How it differs from the one of that name. */
  readonly modelOptions?: VariantOptions | undefined;
  /** Classes to tell apart; where the file has another number, the classifier starts anew. Default: the file's. */
  readonly classes?: number | undefined;
  /** Names of the classes; default ImageNet's for its 1000 classes, else their numbers. */
  readonly classNames?: readonly string[] | undefined;
  /** `[C, H, W]` of an image. Default: the file's channels, and the size that the model was made for. */
  readonly image?: readonly [number, number, number] | undefined;
  /** Mean and deviation of each channel, of pixels scaled to 0 … 1. Default: ImageNet's for colour, 0 and 1 for grey. */
  readonly normalize?: CheckpointDescription["normalize"] | undefined;
  /** The side of the crop as a share of the resized picture's: timm's `crop_pct`. Default 0.875 for photographs. */
  readonly cropShare?: number | undefined;
  /** How pictures are resized. Default bilinear. */
  readonly interpolation?: "bilinear" | "bicubic" | undefined;
  /** Seed of a classifier that starts anew. Default 0. */
  readonly seed?: number | undefined;
  /** The file's name, for the error. */
  readonly file: string;
}

export interface ImportedModel {
  readonly description: CheckpointDescription;
  readonly state: ModelState;
  /** PyTorch's `num_batches_tracked`, kept for writing the file back. */
  readonly counters: ReadonlyMap<string, Int64Array>;
  /** Names of the classifier's parameters, where these start anew. */
  readonly replaced: readonly string[];
  /** A sentence for each choice that was made: which weights were taken, left out or adapted. */
  readonly notices: readonly string[];
}

/** The normalization that torchvision's, timm's and most CIFAR networks were trained with. */
const imageNetNormalize = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/**
 * A checkpoint's contents from a file of weights.
 *
 * How many channels and classes the file's model has is read off the shapes of its first and last layer. One output is a
 * binary classifier, and imported as two classes.
 *
 * @throws {InteropError} `ERR_WEIGHTS_MATCH` with the model that the weights are likely of and the first differences;
 *   `ERR_WEIGHTS_VALUES` for a weight that is NaN or infinite
 * @throws {ResnetError} `ERR_MODEL`, `ERR_CLASSES`, `ERR_CONFIG` if there is not one mean and deviation a channel
 */
export function importWeights(weights: Weights, options: ImportOptions): ImportedModel {
  const { model: name, classNames, file, seed = 0 } = options;
  const { modelOptions, notice } = shortcutsOf(weights, options);
  const purpose = purposeOf(options);
  const create = options.create ?? findModel(name, modelOptions);
  const base = { classes: purpose.classes, channels: purpose.image[0] };
  const sizeIn = sizesOf(weights, create, base);
  const [, height, width] = options.image ?? purpose.image;
  const channels = options.image?.[0] ?? sizeIn("channels", 1) ?? base.channels;
  const outputs = sizeIn("classes", 0);
  const classes =
    options.classes ?? classNames?.length ?? (outputs === 1 ? 2 : outputs) ?? purpose.classes;
  if (classes < 2) {
    throw new UsageError(
      "ERR_CLASSES",
      "a network of one class tells nothing apart: give two classes or more; one output with a sigmoid is imported as two classes",
    );
  }
  if (classNames && classNames.length !== classes) {
    throw new UsageError(
      "ERR_CLASSES",
      `there are ${classNames.length} names for ${classes} classes: give as many`,
    );
  }
  const model = create({ classes, channels });
  const anew = options.classes === undefined ? [] : dependents(create, base, "classes");
  const { state, counters, replaced, notices } = fitWeights(weights, shapesOf(model), {
    replaceable: new Set(anew),
    file,
    model: nameOf({ model: name, modelOptions }),
    likeliest: () => likeliestModel(weights),
  });
  const leaves = namedState(model);
  const transforms = transformsOf(options, height, width);
  const normalize = options.normalize ?? normalizeOf(channels, sizeIn("channels", 1));
  if (normalize.mean.length !== channels || normalize.std.length !== channels) {
    throw new UsageError(
      "ERR_CONFIG",
      `the images have ${channels} channels but ${normalize.mean.length} means and ${normalize.std.length} deviations are given`,
    );
  }
  return {
    description: {
      model: name,
      ...(modelOptions && { modelOptions }),
      classes: [...(classNames ?? namesOf(classes, purpose.classes))],
      imageShape: [height, width, channels],
      ...(transforms && { transforms: [...transforms] }),
      normalize,
      epoch: 0,
    },
    state: new Map([
      ...state,
      ...replaced.map((each) => [each, leaves.get(each)!.initialize(seed, each)] as const),
    ]),
    counters,
    replaced,
    notices: [...notice, ...notices],
  };
}

/** From this size on, a model made for photographs is shown the middle of them. */
const leastPhotograph = 128;

/**
 * How pictures become images of a model: the side of the crop is a share of the shorter side of the resized picture, as in
 * the presets of torchvision and timm. Undefined where nothing is said of a model for small images: pictures are then
 * resized to its size as a whole.
 */
function transformsOf(
  options: ImportOptions,
  height: number,
  width: number,
): TransformList | undefined {
  const { modelOptions, cropShare, interpolation } = options;
  const [channels, side] = purposeOf(options).image;
  const isForPhotographs = channels === 3 && side === 224 && modelOptions?.stem !== "cifar";
  const isPhotograph = isForPhotographs && Math.min(height, width) >= leastPhotograph;
  if (!isPhotograph && cropShare === undefined && interpolation === undefined) return undefined;
  const resized = Math.floor(Math.max(height, width) / (cropShare ?? 0.875));
  return [
    { type: "resize", size: resized, interpolation: interpolation ?? "bilinear" },
    { type: "centerCrop", size: height === width ? height : [height, width] },
  ];
}

/** ImageNet's names where the classes are as many as its own, and the model was made for it; else numbers. */
const namesOf = (classes: number, intended: number): readonly string[] =>
  classes === imageNetClasses.length && classes === intended
    ? imageNetClasses
    : Array.from({ length: classes }, (_, i) => String(i));

/** Where weights for colour are summed for grey, the means of ImageNet's three. */
function normalizeOf(
  channels: number,
  inFile: number | undefined,
): CheckpointDescription["normalize"] {
  if (channels === 3) return imageNetNormalize;
  if (channels !== 1 || inFile !== 3) return identity(channels);
  const mean = (values: readonly number[]): number[] => [
    values.reduce((sum, value) => sum + value) / values.length,
  ];
  return { mean: mean(imageNetNormalize.mean), std: mean(imageNetNormalize.std) };
}

const identity = (channels: number): CheckpointDescription["normalize"] => ({
  mean: new Array<number>(channels).fill(0),
  std: new Array<number>(channels).fill(1),
});

const shapesOf = (model: Module): ReadonlyMap<string, Shape> =>
  new Map([...namedState(model)].map(([name, leaf]) => [name, leaf.torchShape]));

/**
 * The options of a model for small images, with the shortcuts that the file has: projections, named `downsample` or
 * `shortcut`, are option B.
 */
function shortcutsOf(weights: Weights, { model, modelOptions, create }: ImportOptions) {
  const projects = [...weights.keys()].some((each) =>
    /\.(downsample|shortcut)\.0\.weight$/.test(each),
  );
  const isChoice = !create && modelOptions?.shortcut === undefined && hasOption(model, "shortcut");
  if (!projects || !isChoice) {
    return { modelOptions, notice: [] };
  }
  const shortcut = "B" as const;
  return {
    modelOptions: { ...modelOptions, shortcut },
    notice: ["the shortcuts have weights: the model is taken with shortcut=B"],
  };
}

type Create = (size: ModelSize) => Module;

/** The images and classes that the network was made for; a network of one's own was made for those that are given. */
function purposeOf({ model, create, image, file }: ImportOptions): DefaultInput {
  if (!create) return defaultInput(model);
  if (image) return { image, classes: 10 };
  throw new UsageError(
    "ERR_CONFIG",
    `${file}: ${model} does not say for which images its network is: give their size, such as --input 3x32x32`,
  );
}

/** The entries of a model whose shape follows from this option: those of its first or its last layer. */
function dependents(create: Create, base: ModelSize, option: keyof ModelSize): string[] {
  const larger = shapesOf(create({ ...base, [option]: base[option] + 1 }));
  const shapes = shapesOf(create(base));
  return [...shapes]
    .filter(([key, shape]) => shape.join() !== larger.get(key)?.join())
    .map(([key]) => key);
}

/** Reads an option of the file's model off the shape of the first entry that depends on it. */
function sizesOf(weights: Weights, create: Create, base: ModelSize) {
  const named = nameInModel(weights, shapesOf(create(base)));
  const names = new Map([...named.names].map(([file, own]) => [own, file]));
  return (option: keyof ModelSize, axis: number): number | undefined => {
    const [key] = dependents(create, base, option).filter((each) => names.has(each));
    const size = key === undefined ? undefined : weights.get(names.get(key)!)!.shape[axis];
    return size === 0 ? undefined : size;
  };
}
