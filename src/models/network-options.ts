import { Dropout } from "../nn/dropout.js";
import type { Module } from "../nn/module.js";
import { checkOptionValues, count, fraction, type OptionValues } from "../tensor/check-options.js";
import { cifarStem, imageNetStem, type Stem } from "./stems.js";

/** The options of every network. */
export interface NetworkOptions {
  /** Classes to tell apart. Default those of the data that the network was made for: 1000 of ImageNet, 10 of CIFAR-10. */
  readonly classes?: number;
  /** Channels of the images: 3 for colour (default), 1 for grey. */
  readonly channels?: number;
  /** Channels of the first stage; each one after it has twice as many. Default 64, and 16 for CIFAR networks. */
  readonly width?: number;
}

export interface ImageNetOptions extends NetworkOptions {
  /**
   * First layers: `imagenet` (default) are those of the network's design, such as a 7×7 convolution of stride 2 and a max
   * pool, which leave a quarter of the image's height and width; `cifar` is a 3×3 convolution that keeps them.
   */
  readonly stem?: "imagenet" | "cifar";
  /** Probability, in training, of a feature before the classifier to become 0. Default 0. */
  readonly dropout?: number;
}

/** The values of every option that some network has. */
const optionValues: Readonly<Record<string, OptionValues>> = {
  classes: count,
  channels: count,
  width: count,
  stem: ["imagenet", "cifar"],
  shortcut: ["A", "B"],
  strideOn: ["3x3", "1x1"],
  pool: ["max", "avg"],
  zeroLastNorm: "boolean",
  stochasticDepth: fraction,
  dropout: fraction,
};

/** The names of a network's options besides `classes` and `channels`, which all have. */
export type OptionNames<Options extends NetworkOptions> = readonly Exclude<
  keyof Options & string,
  "classes" | "channels"
>[];

/**
 * Checks the options of a network.
 *
 * @param name of the network, for the error
 * @throws {ResnetError} `ERR_ARGUMENT` for an option that the network does not have, or for its value
 */
export function checkNetworkOptions(
  name: string,
  options: NetworkOptions,
  known: readonly string[],
): void {
  const names = ["classes", "channels", ...known];
  const values = names.map((option) => [option, optionValues[option] ?? "any"] as const);
  checkOptionValues(name, options, Object.fromEntries(values));
}

/** A function that makes a network of its options, which it checks first, as `checkNetworkOptions`. */
export const network =
  <Options extends NetworkOptions, Network extends Module>(
    name: string,
    known: OptionNames<Options>,
    make: (options: Options) => Network,
  ) =>
  (options: Options = {} as Options): Network => {
    checkNetworkOptions(name, options, known);
    return make(options);
  };

/** The stem that the options ask for. @param imageNet the network's own one. Default: a 7×7 convolution and a max pool */
export const makeStem = (
  channels: number,
  width: number,
  stem: "imagenet" | "cifar",
  imageNet = imageNetStem,
): Stem => (stem === "cifar" ? cifarStem : imageNet)(channels, width);

/** Dropout, or null where nothing is dropped. */
export const makeDropout = (probability: number): Dropout | null =>
  probability > 0 ? new Dropout(probability) : null;
