import { shapeOf } from "../functional/axes.js";
import { add } from "../functional/elementwise.js";
import { concat, slice } from "../functional/shapes.js";
import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../nn/batch-norm2d.js";
import type { Conv2d } from "../nn/conv2d.js";
import { Module } from "../nn/module.js";
import { AvgPool2d } from "../nn/pooling.js";
import type { StochasticDepth } from "../nn/stochastic-depth.js";
import { relu } from "../ops/relu.js";
import {
  convolution,
  lastNorm,
  makeStochasticDepth,
  optionsAt,
  type BlockOptions,
} from "./block.js";
import { projection } from "./blocks.js";
import { blocksOf } from "./depths.js";
import { network } from "./network-options.js";
import { basicNetOptions, ResNet, type ResNetOptions } from "./resnet.js";

export interface Bottle2neckOptions extends BlockOptions {
  /** Parts that the inner channels are split into. Default 4. */
  readonly scale?: number;
  /** Channels of a part in the first stage, where the outer width is 64. Default 26. */
  readonly widthPerPart?: number;
}

/**
 * A bottleneck whose 3×3 convolution is several smaller ones: each sees one part of the channels and the result of the one before it,
 * and the last part skips them.
 *
 * Maps `[H, W, N, inChannels]` to `[H/stride, W/stride, N, 4·channels]`. Property names are those of timm's `Bottle2neck`.
 * Source: Gao et al. 2019, arXiv:1904.01169.
 */
export class Bottle2neck extends Module {
  readonly outChannels: number;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly convs: readonly Conv2d[];
  readonly bns: readonly BatchNorm2d[];
  readonly pool: AvgPool2d | null;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Module | null;
  readonly skip: StochasticDepth | null;

  constructor(inChannels: number, channels: number, stride = 1, options: Bottle2neckOptions = {}) {
    super();
    const { scale = 4, widthPerPart = 26 } = options;
    const width = Math.max(1, Math.floor((channels * widthPerPart) / 64));
    const count = Math.max(1, scale - 1);
    this.outChannels = 4 * channels;
    this.conv1 = convolution(inChannels, width * scale, 1);
    this.bn1 = new BatchNorm2d(width * scale);
    this.convs = Array.from({ length: count }, () => convolution(width, width, 3, { stride }));
    this.bns = Array.from({ length: count }, () => new BatchNorm2d(width));
    this.downsample = projection(inChannels, this.outChannels, stride);
    this.pool = this.downsample ? new AvgPool2d(3, { stride, padding: 1 }) : null;
    this.conv3 = convolution(width * scale, this.outChannels, 1);
    this.bn3 = lastNorm(this.outChannels, options);
    this.skip = makeStochasticDepth(options);
  }

  protected override forward(x: Tensor): Tensor {
    const y = this.bn3.call(this.conv3.call(this.inner(relu(this.bn1.call(this.conv1.call(x))))));
    return relu(add(this.skip?.call(y) ?? y, this.downsample?.call(x) ?? x));
  }

  private inner(x: Tensor): Tensor {
    const width = this.bns[0]!.channels;
    const parts = Array.from({ length: shapeOf(x)[1]! / width }, (_, i) =>
      slice(x, 1, { start: i * width, end: (i + 1) * width }),
    );
    const results: Tensor[] = [];
    for (const [i, conv] of this.convs.entries()) {
      const before = results.at(-1);
      // A block that changes the shape keeps its parts apart.
      const part = before && !this.pool ? add(before, parts[i]!) : parts[i]!;
      results.push(relu(this.bns[i]!.call(conv.call(part))));
    }
    const last = parts.slice(this.convs.length).map((part) => this.pool?.call(part) ?? part);
    return concat([...results, ...last], 1);
  }
}

const res2net = (
  depth: 50 | 101,
  widthPerPart: number,
  scale: number,
): ((options?: ResNetOptions) => ResNet) =>
  network(`res2net${depth}_${widthPerPart}w_${scale}s`, basicNetOptions, (options) => {
    const shape = { ...options, widthPerPart, scale };
    return new ResNet(
      (place) =>
        new Bottle2neck(place.inChannels, place.channels, place.stride, optionsAt(shape, place)),
      blocksOf[depth],
      options,
    );
  });

export const res2net50_26w_4s = res2net(50, 26, 4);
export const res2net50_26w_6s = res2net(50, 26, 6);
export const res2net50_26w_8s = res2net(50, 26, 8);
export const res2net50_48w_2s = res2net(50, 48, 2);
export const res2net50_14w_8s = res2net(50, 14, 8);
export const res2net101_26w_4s = res2net(101, 26, 4);
