import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../nn/batch-norm2d.js";
import type { Conv2d } from "../nn/conv2d.js";
import { Module } from "../nn/module.js";
import { leakyRelu } from "../ops/leaky-relu.js";
import { relu } from "../ops/relu.js";
import { checkOptionValues, count } from "../tensor/check-options.js";
import { convolution } from "./block.js";

export interface ConvBNOptions {
  /** Step between windows, in pixels. Default 1. */
  readonly stride?: number;
  /** Groups of channels that do not see each other. Default 1. */
  readonly groups?: number;
  /** The activation after the batch norm; `leaky` has the slope 0.1. Default `none`. */
  readonly activation?: "none" | "relu" | "leaky";
}

/** Slope of the leaky ReLU for negative values. */
const slope = 0.1;

const activations = {
  none: (x: Tensor): Tensor => x,
  relu,
  leaky: (x: Tensor): Tensor => leakyRelu(x, slope),
} as const;

/**
 * A convolution without bias, a batch norm, and an activation: the brick of PaddlePaddle's ResNet tutorial and of its
 * translations, whose property names these are.
 *
 * Maps `[H, W, N, inChannels]` to `[⌈H/stride⌉, ⌈W/stride⌉, N, channels]`; the window is odd.
 */
export class ConvBNLayer extends Module {
  readonly _conv: Conv2d;
  readonly _batch_norm: BatchNorm2d;
  private readonly activation: keyof typeof activations;

  constructor(inChannels: number, channels: number, kernel: number, options: ConvBNOptions = {}) {
    super();
    checkOptionValues("ConvBNLayer", options, {
      stride: count,
      groups: count,
      activation: Object.keys(activations),
    });
    this._conv = convolution(inChannels, channels, kernel, options);
    this._batch_norm = new BatchNorm2d(channels);
    this.activation = options.activation ?? "none";
  }

  protected override forward(x: Tensor): Tensor {
    return activations[this.activation](this._batch_norm.call(this._conv.call(x)));
  }
}
