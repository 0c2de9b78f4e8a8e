import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../nn/batch-norm2d.js";
import { Conv2d } from "../nn/conv2d.js";
import { Flatten } from "../nn/flatten.js";
import { Linear } from "../nn/linear.js";
import { Module } from "../nn/module.js";
import { AdaptiveAvgPool2d, AdaptiveMaxPool2d, MaxPool2d } from "../nn/pooling.js";
import { ReLU } from "../nn/relu.js";
import { Sequential } from "../nn/sequential.js";
import { add } from "../ops/add.js";
import { relu } from "../ops/relu.js";
import { checkNetworkOptions, type NetworkOptions, type OptionNames } from "./network-options.js";
import { checkOptionValues, count } from "../tensor/check-options.js";

export interface ResidualOptions {
  /** Whether x passes a 1×1 convolution before the addition, as it must where the shape changes. Default false. */
  readonly use1x1Conv?: boolean;
  /** Step of the first convolution and of the 1×1, in pixels. Default 1. */
  readonly strides?: number;
}

/**
 * The residual block of "Dive into Deep Learning": convolutions with bias, a 1×1 without batch norm on request.
 *
 * Maps `[H, W, N, inputChannels]` to `[⌈H/strides⌉, ⌈W/strides⌉, N, channels]`.
 * Source: https://d2l.ai, chapter on ResNet, whose property names these are.
 */
export class Residual extends Module {
  readonly conv1: Conv2d;
  readonly conv2: Conv2d;
  readonly conv3: Conv2d | null;
  readonly bn1: BatchNorm2d;
  readonly bn2: BatchNorm2d;

  constructor(inputChannels: number, channels: number, options: ResidualOptions = {}) {
    super();
    checkOptionValues("Residual", options, { use1x1Conv: "boolean", strides: count });
    const { use1x1Conv = false, strides: stride = 1 } = options;
    this.conv1 = new Conv2d(inputChannels, channels, 3, { padding: 1, stride });
    this.conv2 = new Conv2d(channels, channels, 3, { padding: 1 });
    this.conv3 = use1x1Conv ? new Conv2d(inputChannels, channels, 1, { stride }) : null;
    this.bn1 = new BatchNorm2d(channels);
    this.bn2 = new BatchNorm2d(channels);
  }

  protected override forward(x: Tensor): Tensor {
    let y = relu(this.bn1.call(this.conv1.call(x)));
    y = this.bn2.call(this.conv2.call(y));
    return relu(add(y, this.conv3?.call(x) ?? x));
  }
}

export interface ResnetBlockOptions {
  /** Whether max pooling has halved the image already, so that no block of this module needs to. Default false. */
  readonly firstBlock?: boolean;
}

/** The residuals of one module; the first halves the image and widens it, but in the first module. */
export const resnetBlock = (
  inputChannels: number,
  channels: number,
  residuals: number,
  { firstBlock = false }: ResnetBlockOptions = {},
): readonly Residual[] =>
  Array.from({ length: residuals }, (_, i) =>
    i === 0 && !firstBlock
      ? new Residual(inputChannels, channels, { use1x1Conv: true, strides: 2 })
      : new Residual(channels, channels),
  );

export interface D2lOptions extends NetworkOptions {
  /** Over the whole image: `max` (default) as the document's code has it, or `avg` as its text says. */
  readonly pool?: "max" | "avg";
}

/** Names of the options of `d2lResnet18`. */
export const d2lOptions: OptionNames<D2lOptions> = ["width", "pool"];

/**
 * The ResNet-18 of "Dive into Deep Learning", a Sequential of eight: stem, four modules of two residuals, pool, flatten,
 * linear. Maps `[H, W, N, channels]` to logits `[N, classes]`; made for grey images of 10 classes.
 */
export function d2lResnet18(options: D2lOptions = {}): Sequential {
  checkNetworkOptions("d2lResnet18", options, d2lOptions);
  const { classes = 10, channels = 1, width = 64, pool = "max" } = options;
  const b1 = new Sequential(
    new Conv2d(channels, width, 7, { stride: 2, padding: 3 }),
    new BatchNorm2d(width),
    new ReLU(),
    new MaxPool2d(3, { stride: 2, padding: 1 }),
  );
  const b2 = new Sequential(...resnetBlock(width, width, 2, { firstBlock: true }));
  const b3 = new Sequential(...resnetBlock(width, 2 * width, 2));
  const b4 = new Sequential(...resnetBlock(2 * width, 4 * width, 2));
  const b5 = new Sequential(...resnetBlock(4 * width, 8 * width, 2));
  const head = [
    pool === "max" ? new AdaptiveMaxPool2d() : new AdaptiveAvgPool2d(),
    new Flatten(),
    new Linear(8 * width, classes),
  ];
  return new Sequential(b1, b2, b3, b4, b5, ...head);
}
