import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../nn/batch-norm2d.js";
import type { Conv2d } from "../nn/conv2d.js";
import { Module } from "../nn/module.js";
import type { StochasticDepth } from "../nn/stochastic-depth.js";
import { Subsample } from "../nn/subsample.js";
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
import { projection } from "./blocks.js";

export interface CifarBlockOptions extends BlockOptions {
  /**
   * Where the shape changes: `A` (default) takes every second pixel and pads channels with zeros, without parameters; `B`
   * projects with a 1×1 convolution.
   */
  readonly shortcut?: "A" | "B";
}

/** Option A: the identity, as far as it goes. Half of the new channels come before the old ones, half behind. */
function padding(inChannels: number, channels: number, stride: number): Subsample | null {
  if (stride === 1 && inChannels === channels) return null;
  const before = Math.floor((channels - inChannels) / 2);
  return new Subsample({ stride, padChannels: [before, channels - inChannels - before] });
}

/**
 * Two 3×3 convolutions and a shortcut with or without parameters: the block of the CIFAR ResNets.
 *
 * Maps `[H, W, N, inChannels]` to `[⌈H/stride⌉, ⌈W/stride⌉, N, channels]`.
 * Property names are those of akamaster's pytorch_resnet_cifar10, so that its checkpoints load by name.
 * Source: He et al. 2015, arXiv:1512.03385, §3.3 and §4.2.
 */
export class CifarBlock extends Module {
  readonly outChannels: number;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly shortcut: Module | null;
  readonly skip: StochasticDepth | null;

  constructor(inChannels: number, channels: number, stride = 1, options: CifarBlockOptions = {}) {
    super();
    this.outChannels = channels;
    this.conv1 = convolution(inChannels, channels, 3, { stride });
    this.bn1 = new BatchNorm2d(channels);
    this.conv2 = convolution(channels, channels, 3);
    this.bn2 = lastNorm(channels, options);
    const shortcut = options.shortcut === "B" ? projection : padding;
    this.shortcut = shortcut(inChannels, channels, stride);
    this.skip = makeStochasticDepth(options);
  }

  protected override forward(x: Tensor): Tensor {
    let y = relu(this.bn1.call(this.conv1.call(x)));
    y = this.bn2.call(this.conv2.call(y));
    return relu(add(this.skip?.call(y) ?? y, this.shortcut?.call(x) ?? x));
  }
}

export const cifarBlocks =
  (options: CifarBlockOptions = {}): BlockFactory =>
  (place) =>
    new CifarBlock(place.inChannels, place.channels, place.stride, optionsAt(options, place));
