import type { Module } from "../nn/module.js";
import { UsageError } from "../tensor/error.js";
import { didYouMean } from "../tensor/did-you-mean.js";
import { printable } from "../tensor/printable.js";
import {
  cifarNetOptions,
  cifarPlain,
  cifarPlainOptions,
  cifarResnet,
  type CifarResNetOptions,
} from "./cifar-resnet.js";
import {
  convBNNetOptions,
  convBNResnet101,
  convBNResnet152,
  convBNResnet50,
} from "./conv-bn-resnet.js";
import { d2lOptions, d2lResnet18, type D2lOptions } from "./d2l-resnet.js";
import * as convNeXt from "./convnext.js";
import * as denseNet from "./densenet.js";
import type { NetworkOptions, OptionNames } from "./network-options.js";
import { mobilenet_v2, mobileNetV2Options } from "./mobilenet-v2.js";
import * as preact from "./preact-resnet.js";
import * as res2net from "./res2net.js";
import * as resnet from "./resnet.js";
import * as resnetV2 from "./resnet-v2.js";
import type { BottleneckNetOptions } from "./resnet.js";
import * as variants from "./resnet-variants.js";

/** The options of a model that follow from the data set. */
export interface ModelSize {
  readonly classes: number;
  readonly channels: number;
}

/** Options of a model that differ from those its name stands for. Each family has some of them. */
export type VariantOptions = Omit<
  BottleneckNetOptions & CifarResNetOptions & D2lOptions,
  keyof ModelSize
>;

/** All options of the models of the catalogue. */
export interface ModelOptions extends ModelSize, VariantOptions {}

/** The image size and number of classes that a model was designed for, and the defaults of `summary`. */
export interface DefaultInput {
  /** `[C, H, W]`. */
  readonly image: readonly [number, number, number];
  readonly classes: number;
}

export type ModelFactory = (options?: NetworkOptions) => Module;

interface Family {
  readonly input: DefaultInput;
  /** Names of the options that its members have. */
  readonly options: readonly string[];
  readonly members: Readonly<Record<string, ModelFactory>>;
}

/** @param options of its members, besides `classes` and `channels`, which all have */
const family = <Options extends NetworkOptions>(
  input: DefaultInput,
  options: OptionNames<Options>,
  members: Readonly<Record<string, (options?: Options) => Module>>,
): Family => ({
  input,
  options,
  members: members as Readonly<Record<string, ModelFactory>>, // what they are called with, `findModel` checks
});

const imageNet: DefaultInput = { image: [3, 224, 224], classes: 1000 };
const cifar: DefaultInput = { image: [3, 32, 32], classes: 10 };
const cifarDepths = [20, 32, 44, 56, 110];

const families: readonly Family[] = [
  family(imageNet, resnet.basicNetOptions, {
    resnet18: resnet.resnet18,
    resnet34: resnet.resnet34,
  }),
  family(imageNet, resnet.bottleneckNetOptions, {
    resnet50: resnet.resnet50,
    resnet101: resnet.resnet101,
    resnet152: resnet.resnet152,
    resnext50_32x4d: resnet.resnext50_32x4d,
    resnext101_32x8d: resnet.resnext101_32x8d,
    resnext101_64x4d: resnet.resnext101_64x4d,
    wide_resnet50_2: resnet.wide_resnet50_2,
    wide_resnet101_2: resnet.wide_resnet101_2,
  }),
  family(imageNet, resnet.basicNetOptions, {
    seresnet18: variants.seresnet18,
    seresnet34: variants.seresnet34,
    resnet18d: variants.resnet18d,
    resnet34d: variants.resnet34d,
  }),
  family(imageNet, resnet.bottleneckNetOptions, {
    seresnet50: variants.seresnet50,
    seresnet101: variants.seresnet101,
    seresnet152: variants.seresnet152,
    seresnext50_32x4d: variants.seresnext50_32x4d,
    seresnext101_32x4d: variants.seresnext101_32x4d,
    seresnext101_32x8d: variants.seresnext101_32x8d,
    resnet26d: variants.resnet26d,
    resnet50d: variants.resnet50d,
    resnet101d: variants.resnet101d,
    resnet152d: variants.resnet152d,
    ecaresnet50d: variants.ecaresnet50d,
    ecaresnet101d: variants.ecaresnet101d,
    resnetrs50: variants.resnetrs50,
    resnetrs101: variants.resnetrs101,
    resnetrs152: variants.resnetrs152,
  }),
  family(imageNet, resnet.basicNetOptions, {
    resnetblur18: variants.resnetblur18,
    resnetblur50: variants.resnetblur50,
  }),
  family(imageNet, resnet.basicNetOptions, {
    res2net50_26w_4s: res2net.res2net50_26w_4s,
    res2net50_26w_6s: res2net.res2net50_26w_6s,
    res2net50_26w_8s: res2net.res2net50_26w_8s,
    res2net50_48w_2s: res2net.res2net50_48w_2s,
    res2net50_14w_8s: res2net.res2net50_14w_8s,
    res2net101_26w_4s: res2net.res2net101_26w_4s,
  }),
  family(imageNet, preact.preActNetOptions, {
    resnetv2_18: resnetV2.resnetv2_18,
    resnetv2_34: resnetV2.resnetv2_34,
    resnetv2_50: resnetV2.resnetv2_50,
    resnetv2_101: resnetV2.resnetv2_101,
    resnetv2_152: resnetV2.resnetv2_152,
  }),
  family(imageNet, denseNet.denseNetOptions, {
    densenet121: denseNet.densenet121,
    densenet161: denseNet.densenet161,
    densenet169: denseNet.densenet169,
    densenet201: denseNet.densenet201,
  }),
  family(imageNet, mobileNetV2Options, { mobilenet_v2 }),
  family(imageNet, convNeXt.convNeXtOptions, {
    convnext_tiny: convNeXt.convnext_tiny,
    convnext_small: convNeXt.convnext_small,
  }),
  family(imageNet, preact.preActNetOptions, {
    "preact-resnet18": preact.preactResnet18,
    "preact-resnet34": preact.preactResnet34,
    "preact-resnet50": preact.preactResnet50,
    "preact-resnet101": preact.preactResnet101,
    "preact-resnet152": preact.preactResnet152,
  }),
  family(imageNet, resnet.plainNetOptions, {
    plain18: resnet.plain18,
    plain34: resnet.plain34,
  }),
  family(imageNet, convBNNetOptions, {
    "convbn-resnet50": convBNResnet50,
    "convbn-resnet101": convBNResnet101,
    "convbn-resnet152": convBNResnet152,
  }),
  family<CifarResNetOptions>(
    cifar,
    cifarNetOptions,
    Object.fromEntries(
      cifarDepths.map((depth) => [`cifar-resnet${depth}`, cifarResnet.bind(null, depth)]),
    ),
  ),
  family(
    cifar,
    cifarPlainOptions,
    Object.fromEntries(cifarDepths.map((depth) => [`plain${depth}`, cifarPlain.bind(null, depth)])),
  ),
  family({ image: [1, 224, 224], classes: 10 }, d2lOptions, { "d2l-resnet18": d2lResnet18 }),
];

/** Models by the names that commands and checkpoints use; torchvision's own where it has the model. */
export const models: Readonly<Record<string, ModelFactory>> = Object.fromEntries(
  families.flatMap(({ members }) => Object.entries(members)),
);

/** The images and classes that a model was made for. @throws {ResnetError} `ERR_MODEL`, as `findModel` */
export const defaultInput = (name: string): DefaultInput => familyOf(name).input;

/** The options of another model that the model of this name has, too. @throws {ResnetError} `ERR_MODEL`, as `findModel` */
export function sharedOptions(name: string, options: VariantOptions): VariantOptions {
  const known = familyOf(name).options;
  return Object.fromEntries(Object.entries(options).filter(([option]) => known.includes(option)));
}

/**
 * @param variant how it differs from the one that the name stands for
 * @throws {ResnetError} `ERR_MODEL` for a name that is not in the catalogue, or an option that the model does not have;
 *   lists those that are
 */
export function findModel(name: string, variant: VariantOptions = {}): (size: ModelSize) => Module {
  const { options, members } = familyOf(name);
  for (const option of Object.keys(variant)) {
    if (!options.includes(option)) {
      throw new UsageError(
        "ERR_MODEL",
        `${name} has no option "${option}"${didYouMean(option, options)}: its options are ${options.join(", ")}`,
      );
    }
  }
  return ({ classes, channels }) => members[name]!({ ...variant, classes, channels });
}

/** Whether a model has an option. @throws {ResnetError} `ERR_MODEL`, as `findModel` */
export const hasOption = (name: string, option: string): boolean =>
  familyOf(name).options.includes(option);

function familyOf(name: string): Family {
  const found = families.find(({ members }) => Object.hasOwn(members, name));
  const names = Object.keys(models);
  if (!found)
    throw new UsageError(
      "ERR_MODEL",
      `there is no model "${printable(name)}"${didYouMean(name, names)}: choose one of ${names.join(", ")}`,
    );
  return found;
}

/** @throws {ResnetError} `ERR_MODEL`, as `findModel` */
export const createModel = (
  name: string,
  { classes, channels, ...variant }: ModelOptions,
): Module => findModel(name, variant)({ classes, channels });
