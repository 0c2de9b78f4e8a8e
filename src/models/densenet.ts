import { concat } from "../functional/shapes.js";
import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../nn/batch-norm2d.js";
import { Conv2d } from "../nn/conv2d.js";
import { Flatten } from "../nn/flatten.js";
import { kaimingNormal } from "../nn/initializers.js";
import { Linear } from "../nn/linear.js";
import { Module } from "../nn/module.js";
import { AdaptiveAvgPool2d, AvgPool2d, MaxPool2d } from "../nn/pooling.js";
import { ReLU } from "../nn/relu.js";
import { Sequential } from "../nn/sequential.js";
import { relu } from "../ops/relu.js";
import type { FourStages } from "./depths.js";
import { network, type NetworkOptions, type OptionNames } from "./network-options.js";

const convolution = (inChannels: number, channels: number, kernel: number, stride = 1): Conv2d =>
  new Conv2d(inChannels, channels, kernel, {
    stride,
    padding: (kernel - 1) / 2,
    bias: false,
    initializer: kaimingNormal(),
  });

/**
 * BN-ReLU-conv with kernels of 1 and 3, whose result comes behind the channels of x.
 *
 * Maps `[H, W, N, inChannels]` to `[H, W, N, inChannels + growth]`.
 */
class DenseLayer extends Module {
  readonly norm1: BatchNorm2d;
  readonly conv1: Conv2d;
  readonly norm2: BatchNorm2d;
  readonly conv2: Conv2d;

  constructor(inChannels: number, growth: number) {
    super();
    this.norm1 = new BatchNorm2d(inChannels);
    this.conv1 = convolution(inChannels, 4 * growth, 1);
    this.norm2 = new BatchNorm2d(4 * growth);
    this.conv2 = convolution(4 * growth, growth, 3);
  }

  protected override forward(x: Tensor): Tensor {
    const y = this.conv1.call(relu(this.norm1.call(x)));
    return concat([x, this.conv2.call(relu(this.norm2.call(y)))], 1);
  }
}

/** Halves the channels and the image between two stages. */
const transition = (inChannels: number, channels: number): Sequential =>
  new Sequential({
    norm: new BatchNorm2d(inChannels),
    relu: new ReLU(),
    conv: convolution(inChannels, channels, 1),
    pool: new AvgPool2d(2),
  });

/**
 * A network whose layers see the results of all layers before them in their stage.
 *
 * Maps `[H, W, N, channels]` to logits `[N, classes]`. Each layer adds half of `width` channels. Property names are torchvision's.
 * Source: Huang et al. 2016, arXiv:1608.06993, DenseNet-BC.
 */
export class DenseNet extends Module {
  readonly features: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  readonly flatten: Flatten;
  readonly classifier: Linear;

  /** @param layers number of layers in each stage */
  constructor(layers: FourStages, options: NetworkOptions = {}) {
    super();
    const { classes = 1000, channels = 3, width = 64 } = options;
    const growth = Math.ceil(width / 2);
    const features: Record<string, Module> = {
      conv0: convolution(channels, width, 7, 2),
      norm0: new BatchNorm2d(width),
      relu0: new ReLU(),
      pool0: new MaxPool2d(3, { stride: 2, padding: 1 }),
    };
    let outChannels = width;
    for (const [stage, count] of layers.entries()) {
      if (stage > 0) {
        const half = Math.floor(outChannels / 2);
        features[`transition${stage}`] = transition(outChannels, half);
        outChannels = half;
      }
      const block: Record<string, Module> = {};
      for (let i = 1; i <= count; i++) {
        block[`denselayer${i}`] = new DenseLayer(outChannels, growth);
        outChannels += growth;
      }
      features[`denseblock${stage + 1}`] = new Sequential(block);
    }
    this.features = new Sequential({ ...features, norm5: new BatchNorm2d(outChannels) });
    this.avgpool = new AdaptiveAvgPool2d();
    this.flatten = new Flatten();
    this.classifier = new Linear(outChannels, classes);
  }

  protected override forward(x: Tensor): Tensor {
    const y = relu(this.features.call(x));
    return this.classifier.call(this.flatten.call(this.avgpool.call(y)));
  }
}

/** Names of the options of these networks. */
export const denseNetOptions: OptionNames<NetworkOptions> = ["width"];

const denseNet = (
  name: string,
  layers: FourStages,
  width = 64,
): ((options?: NetworkOptions) => DenseNet) =>
  network(name, denseNetOptions, (options) => new DenseNet(layers, { width, ...options }));

export const densenet121 = denseNet("densenet121", [6, 12, 24, 16]);
export const densenet161 = denseNet("densenet161", [6, 12, 36, 24], 96);
export const densenet169 = denseNet("densenet169", [6, 12, 32, 32]);
export const densenet201 = denseNet("densenet201", [6, 12, 48, 32]);
