import type { Module } from "../nn/module.js";
import { ResnetError } from "../tensor/error.js";
import {
  resnet101,
  resnet152,
  resnet18,
  resnet34,
  resnet50,
  type ResNetOptions,
} from "./resnet.js";

/** What every model of the catalogue can be asked for. */
export interface ModelOptions {
  readonly classes: number;
  readonly channels: number;
}

/** Models by the names that commands and checkpoints use: torchvision's. */
export const models: Readonly<Record<string, (options: ResNetOptions) => Module>> = {
  resnet18,
  resnet34,
  resnet50,
  resnet101,
  resnet152,
};

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
