import type { Module } from "../nn/module.js";
import { ResnetError } from "../tensor/error.js";
import { cifarPlain, cifarResnet } from "./cifar-resnet.js";
import { convBNResnet101, convBNResnet152, convBNResnet50 } from "./conv-bn-resnet.js";
import { d2lResnet18 } from "./d2l-resnet.js";
import type { NetworkOptions } from "./network-options.js";
import * as preact from "./preact-resnet.js";
import * as resnet from "./resnet.js";

/** What every model of the catalogue can be asked for. */
export interface ModelOptions {
  readonly classes: number;
  readonly channels: number;
}

/** The data that a network was made for, and is summarised with unless other is asked for. */
export interface Purpose {
  /** `[C, H, W]`. */
  readonly image: readonly [number, number, number];
  readonly classes: number;
}

export type ModelFactory = (options?: NetworkOptions) => Module;

interface Family {
  readonly purpose: Purpose;
  readonly members: Readonly<Record<string, ModelFactory>>;
}

const imageNetFamily: Family = {
  purpose: { image: [3, 224, 224], classes: 1000 },
  members: {
    resnet18: resnet.resnet18,
    resnet34: resnet.resnet34,
    resnet50: resnet.resnet50,
    resnet101: resnet.resnet101,
    resnet152: resnet.resnet152,
    resnext50_32x4d: resnet.resnext50_32x4d,
    resnext101_32x8d: resnet.resnext101_32x8d,
    wide_resnet50_2: resnet.wide_resnet50_2,
    wide_resnet101_2: resnet.wide_resnet101_2,
    "preact-resnet18": preact.preactResnet18,
    "preact-resnet34": preact.preactResnet34,
    "preact-resnet50": preact.preactResnet50,
    "preact-resnet101": preact.preactResnet101,
    "preact-resnet152": preact.preactResnet152,
    plain18: resnet.plain18,
    plain34: resnet.plain34,
    "convbn-resnet50": convBNResnet50,
    "convbn-resnet101": convBNResnet101,
    "convbn-resnet152": convBNResnet152,
  },
};

const cifarDepths = [20, 32, 44, 56, 110];

const cifarFamily: Family = {
  purpose: { image: [3, 32, 32], classes: 10 },
  members: Object.fromEntries([
    ...cifarDepths.map((depth) => [`cifar-resnet${depth}`, cifarResnet.bind(null, depth)]),
    ...cifarDepths.map((depth) => [`plain${depth}`, cifarPlain.bind(null, depth)]),
  ]) as Record<string, ModelFactory>,
};

const d2lFamily: Family = {
  purpose: { image: [1, 224, 224], classes: 10 },
  members: { "d2l-resnet18": d2lResnet18 },
};

const families = [imageNetFamily, cifarFamily, d2lFamily];

/** Models by the names that commands and checkpoints use; torchvision's own where it has the model. */
export const models: Readonly<Record<string, ModelFactory>> = Object.fromEntries(
  families.flatMap(({ members }) => Object.entries(members)),
);

/** The images and classes that a model was made for. @throws {ResnetError} `ERR_MODEL`, as `findModel` */
export function purposeOf(name: string): Purpose {
  findModel(name);
  return families.find(({ members }) => Object.hasOwn(members, name))!.purpose;
}

/** @throws {ResnetError} `ERR_MODEL` for a name that is not in the catalogue; lists those that are */
export function findModel(name: string): (options: ModelOptions) => Module {
  const make = Object.hasOwn(models, name) ? models[name] : undefined;
  if (!make)
    throw new ResnetError(
      "ERR_MODEL",
      `there is no model "${name}": choose one of ${Object.keys(models).join(", ")}`,
    );
  return make;
}

/** @throws {ResnetError} `ERR_MODEL`, as `findModel` */
export const createModel = (name: string, options: ModelOptions): Module =>
  findModel(name)(options);
