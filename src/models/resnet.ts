import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../nn/batch-norm2d.js";
import type { Dropout } from "../nn/dropout.js";
import { Flatten } from "../nn/flatten.js";
import { Linear } from "../nn/linear.js";
import { Module } from "../nn/module.js";
import { AdaptiveAvgPool2d } from "../nn/pooling.js";
import type { Sequential } from "../nn/sequential.js";
import { relu } from "../ops/relu.js";
import type { BlockFactory } from "./block.js";
import { basicBlocks, bottlenecks, type BottleneckOptions } from "./blocks.js";
import { blocksOf, type FourStages } from "./depths.js";
import {
  makeDropout,
  makeStem,
  network,
  type ImageNetOptions,
  type OptionNames,
} from "./network-options.js";
import { plainBlocks } from "./plain-block.js";
import { makeStages } from "./stages.js";
import type { Stem, StemFactory } from "./stems.js";

export interface ResNetOptions
  extends ImageNetOptions, Pick<BottleneckOptions, "zeroLastNorm" | "stochasticDepth"> {}

/** The options of networks whose blocks are bottlenecks. */
export interface BottleneckNetOptions extends ResNetOptions, Pick<BottleneckOptions, "strideOn"> {}

/**
 * A residual network for images: stem, four stages of blocks, mean over the image, linear classifier.
 *
 * Maps `[H, W, N, channels]` to logits `[N, classes]`. Property names, and so parameter names and their order,
 * are torchvision's. Source: He et al. 2015, arXiv:1512.03385, table 1.
 */
export class ResNet extends Module {
  readonly conv1: Stem["conv1"];
  readonly bn1: BatchNorm2d;
  readonly maxpool: Stem["maxpool"];
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly layer4: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  readonly flatten: Flatten;
  readonly dropout: Dropout | null;
  readonly fc: Linear;

  /** @param imageNetStem makes the first layers unless the option `stem` is `cifar`. Default: a 7×7 convolution and a max pool */
  constructor(
    block: BlockFactory,
    blocks: FourStages,
    options: ImageNetOptions = {},
    imageNetStem?: StemFactory,
  ) {
    super();
    const { classes = 1000, channels = 3, width = 64, stem = "imagenet", dropout = 0 } = options;
    const { conv1, maxpool } = makeStem(channels, width, stem, imageNetStem);
    const { stages, outChannels } = makeStages(block, blocks, width);
    this.conv1 = conv1;
    this.bn1 = new BatchNorm2d(width);
    this.maxpool = maxpool;
    [this.layer1, this.layer2, this.layer3, this.layer4] = stages;
    this.avgpool = new AdaptiveAvgPool2d();
    this.flatten = new Flatten();
    this.dropout = makeDropout(dropout);
    this.fc = new Linear(outChannels, classes);
  }

  protected override forward(x: Tensor): Tensor {
    let y = relu(this.bn1.call(this.conv1.call(x)));
    y = this.maxpool?.call(y) ?? y;
    for (const layer of [this.layer1, this.layer2, this.layer3, this.layer4]) y = layer.call(y);
    y = this.flatten.call(this.avgpool.call(y));
    return this.fc.call(this.dropout?.call(y) ?? y);
  }
}

/** Names of the options of networks of basic blocks. */
export const basicNetOptions: OptionNames<ResNetOptions> = [
  "width",
  "stem",
  "dropout",
  "zeroLastNorm",
  "stochasticDepth",
];

/** Names of the options of networks of bottlenecks. */
export const bottleneckNetOptions: OptionNames<BottleneckNetOptions> = [
  ...basicNetOptions,
  "strideOn",
];

/** Names of the options of networks without shortcuts. */
export const plainNetOptions: OptionNames<ImageNetOptions> = ["width", "stem", "dropout"];

const basicNet = (name: string, depth: 18 | 34): ((options?: ResNetOptions) => ResNet) =>
  network(
    name,
    basicNetOptions,
    (options) => new ResNet(basicBlocks(options), blocksOf[depth], options),
  );

const bottleneckNet = (
  name: string,
  depth: 50 | 101 | 152,
  shape: Pick<BottleneckOptions, "groups" | "widthPerGroup"> = {},
): ((options?: BottleneckNetOptions) => ResNet) =>
  network(
    name,
    bottleneckNetOptions,
    (options) => new ResNet(bottlenecks({ ...options, ...shape }), blocksOf[depth], options),
  );

const plainNet = (name: string, depth: 18 | 34): ((options?: ImageNetOptions) => ResNet) =>
  network(name, plainNetOptions, (options) => new ResNet(plainBlocks, blocksOf[depth], options));

export const resnet18 = basicNet("resnet18", 18);
export const resnet34 = basicNet("resnet34", 34);
export const resnet50 = bottleneckNet("resnet50", 50);
export const resnet101 = bottleneckNet("resnet101", 101);
export const resnet152 = bottleneckNet("resnet152", 152);

/** Source: Xie et al. 2016, arXiv:1611.05431. */
export const resnext50_32x4d = bottleneckNet("resnext50_32x4d", 50, {
  groups: 32,
  widthPerGroup: 4,
});
export const resnext101_32x8d = bottleneckNet("resnext101_32x8d", 101, {
  groups: 32,
  widthPerGroup: 8,
});
export const resnext101_64x4d = bottleneckNet("resnext101_64x4d", 101, {
  groups: 64,
  widthPerGroup: 4,
});

/** Source: Zagoruyko and Komodakis 2016, arXiv:1605.07146. */
export const wide_resnet50_2 = bottleneckNet("wide_resnet50_2", 50, { widthPerGroup: 128 });
export const wide_resnet101_2 = bottleneckNet("wide_resnet101_2", 101, { widthPerGroup: 128 });

/** ResNet-18 and -34 without shortcuts. Source: He et al. 2015, arXiv:1512.03385, figure 3. */
export const plain18 = plainNet("plain18", 18);
export const plain34 = plainNet("plain34", 34);
