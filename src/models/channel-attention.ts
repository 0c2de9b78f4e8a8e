import { mul, sigmoid } from "../functional/elementwise.js";
import { conv2d } from "../functional/convolution.js";
import { reshape } from "../functional/shapes.js";
import type { Tensor } from "../graph/tensor.js";
import { torchDefault } from "../nn/initializers.js";
import { Module } from "../nn/module.js";
import { Parameter } from "../nn/parameter.js";
import { adaptiveAvgPool2d } from "../ops/adaptive-avg-pool2d.js";

/** A convolution without bias along an axis: `[N, length]` to the same shape, padded with zeros. PyTorch's `Conv1d(1, 1, kernel)`. */
class Conv1d extends Module {
  readonly weight: Parameter;

  constructor(private readonly kernel: number) {
    super();
    this.weight = new Parameter([1, 1, kernel], torchDefault);
  }

  override describe(): string {
    return `1, 1, ${this.kernel}, { padding: ${(this.kernel - 1) / 2}, bias: false }`;
  }

  protected override forward(x: Tensor): Tensor {
    const [n, length] = x.shape as [number, number];
    const y = conv2d(reshape(x, [n, 1, 1, length]), reshape(this.weight, [1, 1, 1, this.kernel]), {
      padding: [0, (this.kernel - 1) / 2],
    });
    return reshape(y, [n, length]);
  }
}

/**
 * Weighs each channel by a number between 0 and 1 that a convolution computes from the means of that channel and of its
 * neighbours; the more channels, the more neighbours.
 *
 * Maps `[H, W, N, channels]` to the same shape. Property names are those of timm's `EcaModule`.
 * Source: Wang et al. 2019, arXiv:1910.03151.
 */
export class EfficientChannelAttention extends Module {
  readonly conv: Conv1d;

  constructor(channels: number) {
    super();
    const kernel = Math.trunc((Math.log2(channels) + 1) / 2);
    this.conv = new Conv1d(Math.max(kernel % 2 === 1 ? kernel : kernel + 1, 3));
  }

  protected override forward(x: Tensor): Tensor {
    const [, , n, channels] = x.shape as [number, number, number, number];
    const means = reshape(adaptiveAvgPool2d(x), [n, channels]);
    return mul(x, reshape(sigmoid(this.conv.call(means)), [n, channels, 1, 1]));
  }
}

/** Makes the attention of the blocks of a network. */
export const efficientChannelAttention = (channels: number): EfficientChannelAttention =>
  new EfficientChannelAttention(channels);
