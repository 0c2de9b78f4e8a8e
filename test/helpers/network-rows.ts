// Every kind of network at a small width, with PyTorch's numbers: test/fixtures/models.json and relatives.json.
import { readFileSync } from "node:fs";
import path from "node:path";
import { models } from "../../src/models/catalog.js";
import { cifarResnet } from "../../src/models/cifar-resnet.js";
import { convnext_tiny } from "../../src/models/convnext.js";
import { d2lResnet18 } from "../../src/models/d2l-resnet.js";
import { mobilenet_v2 } from "../../src/models/mobilenet-v2.js";
import type { NetworkOptions } from "../../src/models/network-options.js";
import { resnet50 } from "../../src/models/resnet.js";
import type { Module } from "../../src/nn/module.js";
import type { Shape } from "../../src/tensor/shape.js";
import { packageRoot, type DrawnSpec } from "./fixtures.js";

export interface NetworkRow {
  readonly name: string;
  readonly seed: number;
  readonly width: number;
  readonly image: readonly [number, number, number];
  readonly classes: number;
  readonly batch: number;
  /** Name and PyTorch's shape of every parameter and running statistic. */
  readonly state: readonly (readonly [string, ...number[]])[];
  readonly evalLogits: readonly number[];
  readonly logits: readonly number[];
  readonly loss: number;
  /** Name, L2 norm, first and last element of every gradient. */
  readonly gradients: readonly (readonly [string, number, number, number])[];
}

function rowsOf(file: string): readonly NetworkRow[] {
  const text = readFileSync(path.join(packageRoot, "test/fixtures", file), "utf8");
  return (JSON.parse(text) as { readonly networks: readonly NetworkRow[] }).networks;
}

export const networks = rowsOf("models.json");
/** timm's and torchvision's relatives of ResNet. */
export const relatives = rowsOf("relatives.json");

/** Those that are not in the catalogue as they are, and those whose numbers are random in training. */
const variants: Readonly<Record<string, (options: NetworkOptions) => Module>> = {
  "cifar-resnet20, shortcut B": (options) => cifarResnet(20, { ...options, shortcut: "B" }),
  "resnet50, stem cifar, stride on 1x1": (options) =>
    resnet50({ ...options, stem: "cifar", strideOn: "1x1" }),
  mobilenet_v2: (options) => mobilenet_v2({ ...options, dropout: 0 }),
  convnext_tiny: (options) => convnext_tiny({ ...options, stochasticDepth: 0 }),
  "d2l-resnet18, average pool": (options) => d2lResnet18({ ...options, pool: "avg" }),
};

/** As tools/model_fixtures.py draws it. */
export function specOf(name: string, shape: Shape): DrawnSpec {
  if (shape.length === 4) {
    return { shape, scale: Math.sqrt(6 / (shape[1]! * shape[2]! * shape[3]!)) };
  }
  if (shape.length === 2) return { shape, scale: 1 / Math.sqrt(shape[1]!) };
  const isScale = name.endsWith("running_var") || name.endsWith("weight");
  return { shape, scale: 0.3, center: isScale ? 1 : 0 };
}

/** The network of a row. */
export function makeNetwork({ name, width, classes, image: [channels] }: NetworkRow): Module {
  const make: (options: NetworkOptions) => Module = variants[name] ?? models[name]!;
  return make({ width, classes, channels });
}
