import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../nn/batch-norm2d.js";
import type { Conv2d } from "../nn/conv2d.js";
import { Module } from "../nn/module.js";
import { Sequential } from "../nn/sequential.js";
import type { StochasticDepth } from "../nn/stochastic-depth.js";
import { add } from "../ops/add.js";
import { relu } from "../ops/relu.js";
import {
  convolution,
  lastNorm,
  optionsAt,
  makeStochasticDepth,
  type BlockFactory,
  type BlockOptions,
} from "./block.js";
import type { ResidualParts } from "./residual-parts.js";

/** A projection shortcut (option B) where the shape changes, and none where the identity fits. */
export const projection = (
  inChannels: number,
  channels: number,
  stride: number,
): Sequential | null =>
  stride === 1 && inChannels === channels
    ? null
    : new Sequential(convolution(inChannels, channels, 1, { stride }), new BatchNorm2d(channels));

export interface BasicBlockOptions extends BlockOptions, ResidualParts {}

/**
 * Two 3×3 convolutions and a shortcut: the block of ResNet-18 and ResNet-34.
 *
 * Maps `[H, W, N, inChannels]` to `[H/stride, W/stride, N, channels]`.
 * Property names are torchvision's, so its checkpoints load by name.
 * Source: He et al. 2015, arXiv:1512.03385, figure 2; shortcut option B.
 */
export class BasicBlock extends Module {
  readonly outChannels: number;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly aa: Module | null;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly se: Module | null;
  readonly downsample: Module | null;
  readonly skip: StochasticDepth | null;

  constructor(inChannels: number, channels: number, stride = 1, options: BasicBlockOptions = {}) {
    super();
    const { attention, downsample = projection, antialias } = options;
    this.outChannels = channels;
    this.aa = stride > 1 ? (antialias?.() ?? null) : null;
    this.conv1 = convolution(inChannels, channels, 3, { stride: this.aa ? 1 : stride });
    this.bn1 = new BatchNorm2d(channels);
    this.conv2 = convolution(channels, channels, 3);
    this.bn2 = lastNorm(channels, options);
    this.se = attention?.(channels) ?? null;
    this.downsample = downsample(inChannels, channels, stride);
    this.skip = makeStochasticDepth(options);
  }

  protected override forward(x: Tensor): Tensor {
    let y = relu(this.bn1.call(this.conv1.call(x)));
    y = this.bn2.call(this.conv2.call(this.aa?.call(y) ?? y));
    y = this.se?.call(y) ?? y;
    return relu(add(this.skip?.call(y) ?? y, this.downsample?.call(x) ?? x));
  }
}

export interface BottleneckOptions extends BasicBlockOptions {
  /** Groups of the 3×3 convolution; ResNeXt's cardinality. Default 1. */
  readonly groups?: number;
  /** Inner channels of one group in the first stage, where the outer width is 64. Default 64. */
  readonly widthPerGroup?: number;
  /** The convolution that steps: the 3×3 (default), as in torchvision, or the first 1×1, as in the paper. */
  readonly strideOn?: "3x3" | "1x1";
}

/**
 * 1×1, 3×3 and 1×1 convolutions and a shortcut: the block of ResNet-50, -101 and -152; with groups that of ResNeXt,
 * with more inner channels that of the wide ResNets.
 *
 * Maps `[H, W, N, inChannels]` to `[H/stride, W/stride, N, 4·channels]`.
 * Sources: He et al. 2015, arXiv:1512.03385, figure 5; Xie et al. 2016, arXiv:1611.05431; Zagoruyko and Komodakis
 * 2016, arXiv:1605.07146. Property names are torchvision's.
 */
export class Bottleneck extends Module {
  readonly outChannels: number;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly aa: Module | null;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly se: Module | null;
  readonly downsample: Module | null;
  readonly skip: StochasticDepth | null;

  constructor(inChannels: number, channels: number, stride = 1, options: BottleneckOptions = {}) {
    super();
    const { groups = 1, widthPerGroup = 64, strideOn = "3x3" } = options;
    const { attention, downsample = projection, antialias } = options;
    const width = Math.max(1, Math.floor((channels * widthPerGroup) / 64)) * groups;
    this.outChannels = 4 * channels;
    this.aa = stride > 1 ? (antialias?.() ?? null) : null;
    const step = this.aa ? 1 : stride;
    const [first, second] = strideOn === "3x3" ? [1, step] : [step, 1];
    this.conv1 = convolution(inChannels, width, 1, { stride: first });
    this.bn1 = new BatchNorm2d(width);
    this.conv2 = convolution(width, width, 3, { stride: second, groups });
    this.bn2 = new BatchNorm2d(width);
    this.conv3 = convolution(width, this.outChannels, 1);
    this.bn3 = lastNorm(this.outChannels, options);
    this.se = attention?.(this.outChannels) ?? null;
    this.downsample = downsample(inChannels, this.outChannels, stride);
    this.skip = makeStochasticDepth(options);
  }

  protected override forward(x: Tensor): Tensor {
    let y = relu(this.bn1.call(this.conv1.call(x)));
    y = relu(this.bn2.call(this.conv2.call(y)));
    y = this.bn3.call(this.conv3.call(this.aa?.call(y) ?? y));
    y = this.se?.call(y) ?? y;
    return relu(add(this.skip?.call(y) ?? y, this.downsample?.call(x) ?? x));
  }
}

export const basicBlocks =
  (options: BasicBlockOptions = {}): BlockFactory =>
  (place) =>
    new BasicBlock(place.inChannels, place.channels, place.stride, optionsAt(options, place));

export const bottlenecks =
  (options: BottleneckOptions = {}): BlockFactory =>
  (place) =>
    new Bottleneck(place.inChannels, place.channels, place.stride, optionsAt(options, place));
