import { mul, sigmoid } from "../functional/elementwise.js";
import type { Tensor } from "../graph/tensor.js";
import { Conv2d } from "../nn/conv2d.js";
import { kaimingNormal } from "../nn/initializers.js";
import { Module } from "../nn/module.js";
import { adaptiveAvgPool2d } from "../ops/adaptive-avg-pool2d.js";
import { relu } from "../ops/relu.js";
import { divisible } from "./divisible.js";

/**
 * Weighs each channel by a number between 0 and 1 that two layers compute from the means of all channels.
 *
 * Maps `[H, W, N, channels]` to the same shape. Property names are those of timm's `SEModule`.
 * Source: Hu et al. 2017, arXiv:1709.01507.
 */
export class SqueezeExcite extends Module {
  readonly fc1: Conv2d;
  readonly fc2: Conv2d;

  /** @param ratio of the channels between the two layers, rounded to a multiple of 8, to all channels. Default 1/16 */
  constructor(channels: number, ratio = 1 / 16) {
    super();
    const squeezed = divisible(channels * ratio);
    const initializer = kaimingNormal({ mode: "fanOut" });
    this.fc1 = new Conv2d(channels, squeezed, 1, { initializer });
    this.fc2 = new Conv2d(squeezed, channels, 1, { initializer });
  }

  protected override forward(x: Tensor): Tensor {
    const squeezed = relu(this.fc1.call(adaptiveAvgPool2d(x)));
    return mul(x, sigmoid(this.fc2.call(squeezed)));
  }
}

/** Makes the attention of the blocks of a network. */
export const squeezeExcite =
  (ratio?: number) =>
  (channels: number): SqueezeExcite =>
    new SqueezeExcite(channels, ratio);
