import type { Tensor } from "../graph/tensor.js";
import { Flatten } from "../nn/flatten.js";
import { uniformInit } from "../nn/initializers.js";
import { Linear } from "../nn/linear.js";
import { Module } from "../nn/module.js";
import { AdaptiveAvgPool2d, MaxPool2d } from "../nn/pooling.js";
import { Sequential } from "../nn/sequential.js";
import { add } from "../ops/add.js";
import { relu } from "../ops/relu.js";
import { ConvBNLayer } from "./conv-bn-layer.js";
import { blocksOf } from "./depths.js";
import { network, type NetworkOptions, type OptionNames } from "./network-options.js";

/**
 * 1×1, 3×3 and 1×1 `ConvBNLayer`s and a shortcut, which `short` projects where the shape changes.
 *
 * Maps `[H, W, N, inChannels]` to `[⌈H/stride⌉, ⌈W/stride⌉, N, 4·channels]`; the stride is on the 3×3.
 */
export class BottleneckBlock extends Module {
  readonly outChannels: number;
  readonly conv1: ConvBNLayer;
  readonly conv2: ConvBNLayer;
  readonly conv3: ConvBNLayer;
  readonly short: ConvBNLayer | null;

  constructor(inChannels: number, channels: number, stride = 1) {
    super();
    this.outChannels = 4 * channels;
    this.conv1 = new ConvBNLayer(inChannels, channels, 1, { activation: "relu" });
    this.conv2 = new ConvBNLayer(channels, channels, 3, { stride, activation: "relu" });
    this.conv3 = new ConvBNLayer(channels, this.outChannels, 1);
    this.short =
      stride === 1 && inChannels === this.outChannels
        ? null
        : new ConvBNLayer(inChannels, this.outChannels, 1, { stride });
  }

  protected override forward(x: Tensor): Tensor {
    const y = this.conv3.call(this.conv2.call(this.conv1.call(x)));
    return relu(add(this.short?.call(x) ?? x, y));
  }
}

/**
 * A bottleneck network of `ConvBNLayer`s: the same function as torchvision's ResNet of that depth, with the names of
 * PaddlePaddle's tutorial.
 *
 * Maps `[H, W, N, channels]` to logits `[N, classes]`. The classifier's weights start uniform within `1 / √features`.
 */
export class ConvBNResNet extends Module {
  readonly conv: ConvBNLayer;
  readonly pool2d_max: MaxPool2d;
  readonly bottleneck_block_list: Sequential;
  readonly pool2d_avg: AdaptiveAvgPool2d;
  readonly flatten: Flatten;
  readonly out: Linear;

  constructor(depth: 50 | 101 | 152, options: NetworkOptions = {}) {
    super();
    const { classes = 1000, channels = 3, width = 64 } = options;
    this.conv = new ConvBNLayer(channels, width, 7, { stride: 2, activation: "relu" });
    this.pool2d_max = new MaxPool2d(3, { stride: 2, padding: 1 });
    let inChannels = width;
    const blocks = blocksOf[depth].flatMap((count, stage) =>
      Array.from({ length: count }, (_, i) => {
        const stride = i === 0 && stage > 0 ? 2 : 1;
        const block = new BottleneckBlock(inChannels, width * 2 ** stage, stride);
        inChannels = block.outChannels;
        return block;
      }),
    );
    this.bottleneck_block_list = new Sequential(...blocks);
    this.pool2d_avg = new AdaptiveAvgPool2d();
    this.flatten = new Flatten();
    this.out = new Linear(inChannels, classes, {
      initializer: uniformInit(1 / Math.sqrt(inChannels)),
    });
  }

  protected override forward(x: Tensor): Tensor {
    let y = this.pool2d_max.call(this.conv.call(x));
    y = this.bottleneck_block_list.call(y);
    return this.out.call(this.flatten.call(this.pool2d_avg.call(y)));
  }
}

/** Names of the options of these networks. */
export const convBNNetOptions: OptionNames<NetworkOptions> = ["width"];

const convBNNet = (depth: 50 | 101 | 152): ((options?: NetworkOptions) => ConvBNResNet) =>
  network(
    `convBNResnet${depth}`,
    convBNNetOptions,
    (options: NetworkOptions) => new ConvBNResNet(depth, options),
  );

export const convBNResnet50 = convBNNet(50);
export const convBNResnet101 = convBNNet(101);
export const convBNResnet152 = convBNNet(152);
