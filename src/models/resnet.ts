import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../nn/batch-norm2d.js";
import type { Conv2d } from "../nn/conv2d.js";
import { Flatten } from "../nn/flatten.js";
import { Linear } from "../nn/linear.js";
import { Module } from "../nn/module.js";
import { AdaptiveAvgPool2d, MaxPool2d } from "../nn/pooling.js";
import { Sequential } from "../nn/sequential.js";
import { relu } from "../ops/relu.js";
import { BasicBlock, Bottleneck, convolution } from "./blocks.js";

type Block = typeof BasicBlock | typeof Bottleneck;

/** Block and number of blocks in each of the four stages. Source: He et al. 2015, arXiv:1512.03385, table 1. */
const depths = {
  18: { block: BasicBlock, blocks: [2, 2, 2, 2] },
  34: { block: BasicBlock, blocks: [3, 4, 6, 3] },
  50: { block: Bottleneck, blocks: [3, 4, 6, 3] },
  101: { block: Bottleneck, blocks: [3, 4, 23, 3] },
  152: { block: Bottleneck, blocks: [3, 8, 36, 3] },
} as const;

export type ResNetDepth = keyof typeof depths;

export interface ResNetOptions {
  /** Classes to tell apart. Default 1000, ImageNet's. */
  readonly classes?: number;
  /** Channels of the images: 3 for colour (default), 1 for grey. */
  readonly channels?: number;
  /** Channels of the first stage; the others have 2, 4 and 8 times as many. Default 64. */
  readonly width?: number;
}

/**
 * A residual network for images: 7×7 stem, four stages of blocks, mean over the image, linear classifier.
 *
 * Maps `[H, W, N, channels]` to logits `[N, classes]`. Property names, and so parameter names and their order,
 * are torchvision's. Source: He et al. 2015, arXiv:1512.03385, table 1.
 */
export class ResNet extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly maxpool: MaxPool2d;
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly layer4: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  readonly flatten: Flatten;
  readonly fc: Linear;

  constructor(
    depth: ResNetDepth,
    { classes = 1000, channels = 3, width = 64 }: ResNetOptions = {},
  ) {
    super();
    const { block, blocks } = depths[depth];
    this.conv1 = convolution(channels, width, 7, 2);
    this.bn1 = new BatchNorm2d(width);
    this.maxpool = new MaxPool2d(3, { stride: 2, padding: 1 });
    this.layer1 = stage(block, blocks[0], width, width, 1);
    this.layer2 = stage(block, blocks[1], width * block.expansion, 2 * width, 2);
    this.layer3 = stage(block, blocks[2], 2 * width * block.expansion, 4 * width, 2);
    this.layer4 = stage(block, blocks[3], 4 * width * block.expansion, 8 * width, 2);
    this.avgpool = new AdaptiveAvgPool2d();
    this.flatten = new Flatten();
    this.fc = new Linear(8 * width * block.expansion, classes);
  }

  protected override forward(x: Tensor): Tensor {
    let y = this.maxpool.call(relu(this.bn1.call(this.conv1.call(x))));
    for (const layer of [this.layer1, this.layer2, this.layer3, this.layer4]) y = layer.call(y);
    return this.fc.call(this.flatten.call(this.avgpool.call(y)));
  }
}

/** `count` blocks, the first of which changes channels and size. */
function stage(
  block: Block,
  count: number,
  inChannels: number,
  channels: number,
  stride: number,
): Sequential {
  const first = new block(inChannels, channels, stride);
  const rest = Array.from(
    { length: count - 1 },
    () => new block(channels * block.expansion, channels),
  );
  return new Sequential(first, ...rest);
}

export const resnet18 = (options?: ResNetOptions): ResNet => new ResNet(18, options);
export const resnet34 = (options?: ResNetOptions): ResNet => new ResNet(34, options);
export const resnet50 = (options?: ResNetOptions): ResNet => new ResNet(50, options);
export const resnet101 = (options?: ResNetOptions): ResNet => new ResNet(101, options);
export const resnet152 = (options?: ResNetOptions): ResNet => new ResNet(152, options);
