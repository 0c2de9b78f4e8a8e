import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../nn/batch-norm2d.js";
import type { Conv2d } from "../nn/conv2d.js";
import { Flatten } from "../nn/flatten.js";
import { Linear } from "../nn/linear.js";
import { Module } from "../nn/module.js";
import { AdaptiveAvgPool2d } from "../nn/pooling.js";
import type { Sequential } from "../nn/sequential.js";
import { relu } from "../ops/relu.js";
import { UsageError } from "../tensor/error.js";
import { convolution, type BlockFactory } from "./block.js";
import { cifarBlocks, type CifarBlockOptions } from "./cifar-block.js";
import { checkNetworkOptions, type NetworkOptions, type OptionNames } from "./network-options.js";
import { plainBlocks } from "./plain-block.js";
import { makeStages } from "./stages.js";

export interface CifarResNetOptions extends NetworkOptions, CifarBlockOptions {}

/**
 * A residual network for small images: 3×3 stem, three stages of `(depth − 2) / 6` blocks, mean over the image, linear
 * classifier.
 *
 * Maps `[H, W, N, channels]` to logits `[N, classes]`. Property names are those of akamaster's pytorch_resnet_cifar10.
 * Source: He et al. 2015, arXiv:1512.03385, §4.2.
 */
export class CifarResNet extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  readonly flatten: Flatten;
  readonly linear: Linear;

  /** @throws {ResnetError} `ERR_ATTRIBUTE` if the depth is not 6n + 2 */
  constructor(block: BlockFactory, depth: number, options: NetworkOptions = {}) {
    super();
    const { classes = 10, channels = 3, width = 16 } = options;
    const n = (depth - 2) / 6;
    if (!Number.isInteger(n) || n < 1) {
      throw new UsageError(
        "ERR_ATTRIBUTE",
        `CifarResNet: the depth must be 6n + 2, such as 20 or 56, but it is ${depth}`,
      );
    }
    const { stages, outChannels } = makeStages(block, [n, n, n], width);
    this.conv1 = convolution(channels, width, 3);
    this.bn1 = new BatchNorm2d(width);
    [this.layer1, this.layer2, this.layer3] = stages;
    this.avgpool = new AdaptiveAvgPool2d();
    this.flatten = new Flatten();
    this.linear = new Linear(outChannels, classes);
  }

  protected override forward(x: Tensor): Tensor {
    let y = relu(this.bn1.call(this.conv1.call(x)));
    for (const layer of [this.layer1, this.layer2, this.layer3]) y = layer.call(y);
    return this.linear.call(this.flatten.call(this.avgpool.call(y)));
  }
}

/** Names of the options of residual networks for CIFAR. */
export const cifarNetOptions: OptionNames<CifarResNetOptions> = [
  "width",
  "shortcut",
  "zeroLastNorm",
  "stochasticDepth",
];

/** Names of the options of plain networks for CIFAR. */
export const cifarPlainOptions: OptionNames<NetworkOptions> = ["width"];

/** The residual network of `depth` 6n + 2: 20, 32, 44, 56 and 110 in the paper. */
export function cifarResnet(depth: number, options: CifarResNetOptions = {}): CifarResNet {
  checkNetworkOptions("cifarResnet", options, cifarNetOptions);
  return new CifarResNet(cifarBlocks(options), depth, options);
}

/** The same without shortcuts: the one that degrades with depth. */
export function cifarPlain(depth: number, options: NetworkOptions = {}): CifarResNet {
  checkNetworkOptions("cifarPlain", options, cifarPlainOptions);
  return new CifarResNet(plainBlocks, depth, options);
}
