import { BatchNorm2d } from "../nn/batch-norm2d.js";
import { Conv2d } from "../nn/conv2d.js";
import { constantInit, kaimingNormal } from "../nn/initializers.js";
import type { Module } from "../nn/module.js";
import { StochasticDepth } from "../nn/stochastic-depth.js";

/** A block of a network: any module that knows how many channels it puts out. */
export type Block = Module & { readonly outChannels: number };

/** Where a block stands: what a network tells each of its blocks. */
export interface BlockPlace {
  readonly inChannels: number;
  /** Channels of the stage's 3×3 convolutions; a bottleneck puts out four times as many. */
  readonly channels: number;
  readonly stride: number;
  /** Position among the network's blocks, from 0, and their number. */
  readonly index: number;
  readonly count: number;
}

/** Makes the blocks of a network, one for each place. A network is little more than this and the number of blocks. */
export type BlockFactory = (place: BlockPlace) => Block;

export interface BlockOptions {
  /**
   * Whether the last batch norm's weight starts at 0, and so each block as the identity. Default false.
   * Source: Goyal et al. 2017, arXiv:1706.02677, §5.1; torchvision's `zero_init_residual`.
   */
  readonly zeroLastNorm?: boolean;
  /**
   * Probability, in training, that a sample takes the shortcut alone; of a network, that of its last block, and the
   * others' grow in proportion to their place. Default 0.
   * Source: Huang et al. 2016, arXiv:1603.09382.
   */
  readonly stochasticDepth?: number;
}

/** The options of one block out of those of its network: stochastic depth grows from block to block. */
export const optionsAt = <T extends BlockOptions>(
  options: T,
  { index, count }: BlockPlace,
): T & BlockOptions => ({
  ...options,
  stochasticDepth: ((options.stochasticDepth ?? 0) * (index + 1)) / count,
});

/** A convolution as ResNets have it: no bias, padding that keeps the image at stride 1, He-normal by fan-out. */
export const convolution = (
  inChannels: number,
  channels: number,
  kernel: number,
  { stride = 1, groups = 1 }: { readonly stride?: number; readonly groups?: number } = {},
): Conv2d =>
  new Conv2d(inChannels, channels, kernel, {
    stride,
    groups,
    padding: (kernel - 1) / 2,
    bias: false,
    initializer: kaimingNormal({ mode: "fanOut" }),
  });

/** The batch norm before the addition. */
export const lastNorm = (channels: number, { zeroLastNorm = false }: BlockOptions): BatchNorm2d =>
  new BatchNorm2d(channels, { initializer: constantInit(zeroLastNorm ? 0 : 1) });

/** The stochastic depth of a block; null if no sample skips it. */
export const makeStochasticDepth = ({
  stochasticDepth = 0,
}: BlockOptions): StochasticDepth | null =>
  stochasticDepth > 0 ? new StochasticDepth(stochasticDepth) : null;
