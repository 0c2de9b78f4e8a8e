import { imageNetClasses } from "../../data/catalog/imagenet-classes.js";
import { fitWeights } from "../../interop/fit-weights.js";
import type { Int64Array } from "../../interop/stored-array.js";
import { nameInModel } from "../../interop/weight-names.js";
import type { Weights } from "../../node/interop/read-weights.js";
import type { TransformList } from "../../data/transforms/transform.js";
import {
  createModel,
  purposeOf,
  type ModelOptions,
  type ModelSize,
  type VariantOptions,
} from "../../models/catalog.js";
import { namedState, type Module } from "../../nn/module.js";
import type { Shape } from "../../tensor/shape.js";
import { ResnetError } from "../../tensor/error.js";
import type { CheckpointDescription } from "../../node/runs/checkpoint.js";
import type { ModelState } from "./model-state.js";

export interface ImportOptions {
  /** A name of the catalogue. */
  readonly model: string;
  /** How it differs from the one of that name. */
  readonly modelOptions?: VariantOptions | undefined;
  /** Classes to tell apart; where the file has another number, the classifier starts anew. Default: the file's. */
  readonly classes?: number | undefined;
  /** Names of the classes; default ImageNet's for its 1000 classes, else their numbers. */
  readonly classNames?: readonly string[] | undefined;
  /** `[C, H, W]` of an image. Default: the file's channels, and the size that the model was made for. */
  readonly image?: readonly [number, number, number] | undefined;
  /** Mean and deviation of each channel, of pixels scaled to 0 … 1. Default: ImageNet's for colour, 0 and 1 for grey. */
  readonly normalise?: CheckpointDescription["normalise"] | undefined;
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
}

/** What torchvision's, timm's and most CIFAR networks were trained with. */
const imageNetNormalise = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/**
 * A checkpoint's contents from a file of weights.
 *
 * How many channels and classes the file's model has is read off the shapes of its first and last layer.
 *
 * @throws {InteropError} `ERR_WEIGHTS_MATCH` that lists all that does not fit the model
 * @throws {ResnetError} `ERR_MODEL`, `ERR_CLASSES`, `ERR_CONFIG` if there is not one mean and deviation a channel
 */
export function importWeights(weights: Weights, options: ImportOptions): ImportedModel {
  const { model: name, modelOptions, classNames, file, seed = 0 } = options;
  const purpose = purposeOf(name);
  const base = { ...modelOptions, classes: purpose.classes, channels: purpose.image[0] };
  const sizeIn = sizesOf(weights, name, base);
  const [, height, width] = options.image ?? purpose.image;
  const channels = options.image?.[0] ?? sizeIn("channels", 1) ?? base.channels;
  const classes = options.classes ?? classNames?.length ?? sizeIn("classes", 0) ?? purpose.classes;
  if (classNames && classNames.length !== classes) {
    throw new ResnetError(
      "ERR_CLASSES",
      `there are ${classNames.length} names for ${classes} classes: give as many`,
    );
  }
  const model = createModel(name, { ...modelOptions, classes, channels });
  const anew = options.classes === undefined ? [] : dependents(name, base, "classes");
  const { state, counters, replaced } = fitWeights(weights, shapesOf(model), new Set(anew), file);
  const leaves = namedState(model);
  const normalise = options.normalise ?? (channels === 3 ? imageNetNormalise : identity(channels));
  if (normalise.mean.length !== channels || normalise.std.length !== channels) {
    throw new ResnetError(
      "ERR_CONFIG",
      `the images have ${channels} channels but ${normalise.mean.length} means and ${normalise.std.length} deviations are given`,
    );
  }
  return {
    description: {
      model: name,
      ...(modelOptions && { modelOptions }),
      classes: [...(classNames ?? namesOf(classes, purpose.classes))],
      imageShape: [height, width, channels],
      ...(isImageNetSize(height, width, channels) && { transforms: [...imageNetTransforms] }),
      normalise,
      epoch: 0,
    },
    state: new Map([
      ...state,
      ...replaced.map((each) => [each, leaves.get(each)!.initialise(seed, each)] as const),
    ]),
    counters,
    replaced,
  };
}

/** How photographs are cut for models of ImageNet: torchvision's preset of evaluation. */
const imageNetTransforms: TransformList = [
  { type: "resize", size: 256, interpolation: "bilinear" },
  { type: "centerCrop", size: 224 },
];

const isImageNetSize = (height: number, width: number, channels: number): boolean =>
  height === 224 && width === 224 && channels === 3;

/** ImageNet's names where the classes are as many as its own, and the model was made for it; else numbers. */
const namesOf = (classes: number, intended: number): readonly string[] =>
  classes === imageNetClasses.length && classes === intended
    ? imageNetClasses
    : Array.from({ length: classes }, (_, i) => String(i));

const identity = (channels: number): CheckpointDescription["normalise"] => ({
  mean: new Array<number>(channels).fill(0),
  std: new Array<number>(channels).fill(1),
});

const shapesOf = (model: Module): ReadonlyMap<string, Shape> =>
  new Map([...namedState(model)].map(([name, leaf]) => [name, leaf.torchShape]));

/** The entries of a model whose shape follows from this option: those of its first or its last layer. */
function dependents(name: string, base: ModelOptions, option: keyof ModelSize): string[] {
  const larger = shapesOf(createModel(name, { ...base, [option]: base[option] + 1 }));
  const shapes = shapesOf(createModel(name, base));
  return [...shapes]
    .filter(([key, shape]) => shape.join() !== larger.get(key)!.join())
    .map(([key]) => key);
}

/** Reads an option of the file's model off the shape of the first entry that depends on it. */
function sizesOf(weights: Weights, name: string, base: ModelOptions) {
  const names = new Map([...nameInModel(weights.keys())].map(([file, own]) => [own, file]));
  return (option: keyof ModelSize, axis: number): number | undefined => {
    const [key] = dependents(name, base, option).filter((each) => names.has(each));
    const size = key === undefined ? undefined : weights.get(names.get(key)!)!.shape[axis];
    return size === 0 ? undefined : size;
  };
}
