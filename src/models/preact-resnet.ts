import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../nn/batch-norm2d.js";
import type { Dropout } from "../nn/dropout.js";
import { Flatten } from "../nn/flatten.js";
import { Linear } from "../nn/linear.js";
import { Module } from "../nn/module.js";
import { AdaptiveAvgPool2d } from "../nn/pooling.js";
import type { Sequential } from "../nn/sequential.js";
import { relu } from "../ops/relu.js";
import type { BlockFactory, BlockOptions } from "./block.js";
import { blocksOf, type FourStages } from "./depths.js";
import {
  makeDropout,
  makeStem,
  network,
  type ImageNetOptions,
  type OptionNames,
} from "./network-options.js";
import { PreActBlock, PreActBottleneck, preActBlocks } from "./preact-blocks.js";
import { makeStages } from "./stages.js";
import type { Stem } from "./stems.js";

export interface PreActResNetOptions
  extends ImageNetOptions, Pick<BlockOptions, "stochasticDepth"> {}

/**
 * A residual network whose shortcuts are clean: stem, four stages of blocks that begin with batch norm and ReLU, a last
 * batch norm and ReLU, mean over the image, linear classifier.
 *
 * Maps `[H, W, N, channels]` to logits `[N, classes]`. The stem's batch norm and ReLU come before the paths first part.
 * Source: He et al. 2016, arXiv:1603.05027.
 */
export class PreActResNet extends Module {
  readonly conv1: Stem["conv1"];
  readonly bn1: BatchNorm2d;
  readonly maxpool: Stem["maxpool"];
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly layer4: Sequential;
  readonly bn2: BatchNorm2d;
  readonly avgpool: AdaptiveAvgPool2d;
  readonly flatten: Flatten;
  readonly dropout: Dropout | null;
  readonly fc: Linear;

  constructor(block: BlockFactory, blocks: FourStages, options: ImageNetOptions = {}) {
    super();
    const { classes = 1000, channels = 3, width = 64, stem = "imagenet", dropout = 0 } = options;
    const { conv1, maxpool } = makeStem(channels, width, stem);
    const { stages, outChannels } = makeStages(block, blocks, width);
    this.conv1 = conv1;
    this.bn1 = new BatchNorm2d(width);
    this.maxpool = maxpool;
    [this.layer1, this.layer2, this.layer3, this.layer4] = stages;
    this.bn2 = new BatchNorm2d(outChannels);
    this.avgpool = new AdaptiveAvgPool2d();
    this.flatten = new Flatten();
    this.dropout = makeDropout(dropout);
    this.fc = new Linear(outChannels, classes);
  }

  protected override forward(x: Tensor): Tensor {
    let y = relu(this.bn1.call(this.conv1.call(x)));
    y = this.maxpool?.call(y) ?? y;
    for (const layer of [this.layer1, this.layer2, this.layer3, this.layer4]) y = layer.call(y);
    y = this.flatten.call(this.avgpool.call(relu(this.bn2.call(y))));
    return this.fc.call(this.dropout?.call(y) ?? y);
  }
}

/** Names of the options of pre-activation networks. */
export const preActNetOptions: OptionNames<PreActResNetOptions> = [
  "width",
  "stem",
  "dropout",
  "stochasticDepth",
];

const preActNet = (
  depth: keyof typeof blocksOf,
): ((options?: PreActResNetOptions) => PreActResNet) =>
  network(`preactResnet${depth}`, preActNetOptions, (options) => {
    const block = depth < 50 ? PreActBlock : PreActBottleneck;
    return new PreActResNet(preActBlocks(block, options), blocksOf[depth], options);
  });

export const preactResnet18 = preActNet(18);
export const preactResnet34 = preActNet(34);
export const preactResnet50 = preActNet(50);
export const preactResnet101 = preActNet(101);
export const preactResnet152 = preActNet(152);
