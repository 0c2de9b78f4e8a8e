import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../nn/batch-norm2d.js";
import type { Conv2d } from "../nn/conv2d.js";
import { Module } from "../nn/module.js";
import type { StochasticDepth } from "../nn/stochastic-depth.js";
import { add } from "../ops/add.js";
import { relu } from "../ops/relu.js";
import {
  convolution,
  optionsAt,
  makeStochasticDepth,
  type BlockFactory,
  type BlockOptions,
} from "./block.js";

export interface PreActOptions extends Pick<BlockOptions, "stochasticDepth"> {
  /**
   * Whether x went through batch norm and ReLU already: that of the first block did, right behind the stem and before the
   * paths part (the paper's appendix). Default false.
   */
  readonly activated?: boolean;
}

/** A projection where the shape changes; without a batch norm, since its input went through one. */
const projection = (inChannels: number, channels: number, stride: number): Conv2d | null =>
  stride === 1 && inChannels === channels ? null : convolution(inChannels, channels, 1, { stride });

/**
 * BN-ReLU-conv twice, added to a shortcut that nothing else touches: the block of pre-activation ResNet-18 and -34.
 *
 * Maps `[H, W, N, inChannels]` to `[H/stride, W/stride, N, channels]`. A projection reads what bn1 and ReLU gave.
 * Source: He et al. 2016, arXiv:1603.05027, figure 1 (b).
 */
export class PreActBlock extends Module {
  readonly outChannels: number;
  readonly bn1: BatchNorm2d | null;
  readonly conv1: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly downsample: Conv2d | null;
  readonly skip: StochasticDepth | null;

  constructor(inChannels: number, channels: number, stride = 1, options: PreActOptions = {}) {
    super();
    this.outChannels = channels;
    this.bn1 = options.activated ? null : new BatchNorm2d(inChannels);
    this.conv1 = convolution(inChannels, channels, 3, { stride });
    this.bn2 = new BatchNorm2d(channels);
    this.conv2 = convolution(channels, channels, 3);
    this.downsample = projection(inChannels, channels, stride);
    this.skip = makeStochasticDepth(options);
  }

  protected override forward(x: Tensor): Tensor {
    const activated = this.bn1 ? relu(this.bn1.call(x)) : x;
    const y = this.conv2.call(relu(this.bn2.call(this.conv1.call(activated))));
    return add(this.skip?.call(y) ?? y, this.downsample?.call(activated) ?? x);
  }
}

/**
 * BN-ReLU-conv three times, 1×1, 3×3 and 1×1: the block of pre-activation ResNet-50 and deeper.
 *
 * Maps `[H, W, N, inChannels]` to `[H/stride, W/stride, N, 4·channels]`; the stride is on the 3×3.
 */
export class PreActBottleneck extends Module {
  readonly outChannels: number;
  readonly bn1: BatchNorm2d | null;
  readonly conv1: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly downsample: Conv2d | null;
  readonly skip: StochasticDepth | null;

  constructor(inChannels: number, channels: number, stride = 1, options: PreActOptions = {}) {
    super();
    this.outChannels = 4 * channels;
    this.bn1 = options.activated ? null : new BatchNorm2d(inChannels);
    this.conv1 = convolution(inChannels, channels, 1);
    this.bn2 = new BatchNorm2d(channels);
    this.conv2 = convolution(channels, channels, 3, { stride });
    this.bn3 = new BatchNorm2d(channels);
    this.conv3 = convolution(channels, this.outChannels, 1);
    this.downsample = projection(inChannels, this.outChannels, stride);
    this.skip = makeStochasticDepth(options);
  }

  protected override forward(x: Tensor): Tensor {
    const activated = this.bn1 ? relu(this.bn1.call(x)) : x;
    let y = this.conv1.call(activated);
    y = this.conv2.call(relu(this.bn2.call(y)));
    y = this.conv3.call(relu(this.bn3.call(y)));
    return add(this.skip?.call(y) ?? y, this.downsample?.call(activated) ?? x);
  }
}

/** Blocks of one of the two kinds; the first of a network gets x activated. */
export const preActBlocks =
  (block: typeof PreActBlock | typeof PreActBottleneck, options: PreActOptions): BlockFactory =>
  (place) =>
    new block(place.inChannels, place.channels, place.stride, {
      ...optionsAt(options, place),
      activated: place.index === 0,
    });
