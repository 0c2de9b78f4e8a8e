import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../nn/batch-norm2d.js";
import type { Conv2d } from "../nn/conv2d.js";
import { Module } from "../nn/module.js";
import { relu } from "../ops/relu.js";
import { convolution, type BlockFactory } from "./block.js";

/**
 * Two 3×3 convolutions and no shortcut: what a basic block is without its idea.
 *
 * Maps `[H, W, N, inChannels]` to `[H/stride, W/stride, N, channels]`.
 * Source: He et al. 2015, arXiv:1512.03385, the plain networks of §3.3 and §4.2.
 */
export class PlainBlock extends Module {
  readonly outChannels: number;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;

  constructor(inChannels: number, channels: number, stride = 1) {
    super();
    this.outChannels = channels;
    this.conv1 = convolution(inChannels, channels, 3, { stride });
    this.bn1 = new BatchNorm2d(channels);
    this.conv2 = convolution(channels, channels, 3);
    this.bn2 = new BatchNorm2d(channels);
  }

  protected override forward(x: Tensor): Tensor {
    const y = relu(this.bn1.call(this.conv1.call(x)));
    return relu(this.bn2.call(this.conv2.call(y)));
  }
}

export const plainBlocks: BlockFactory = ({ inChannels, channels, stride }) =>
  new PlainBlock(inChannels, channels, stride);
