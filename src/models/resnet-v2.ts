import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../nn/batch-norm2d.js";
import { Conv2d } from "../nn/conv2d.js";
import { Flatten } from "../nn/flatten.js";
import { normalInit } from "../nn/initializers.js";
import { Module } from "../nn/module.js";
import { AdaptiveAvgPool2d } from "../nn/pooling.js";
import { Sequential } from "../nn/sequential.js";
import type { StochasticDepth } from "../nn/stochastic-depth.js";
import { add } from "../ops/add.js";
import { relu } from "../ops/relu.js";
import { convolution, makeStochasticDepth, optionsAt, type BlockOptions } from "./block.js";
import { blocksOf } from "./depths.js";
import { makeDropout, makeStem, network } from "./network-options.js";
import { preActNetOptions, type PreActResNetOptions } from "./preact-resnet.js";
import { makeStages } from "./stages.js";

/**
 * BN-ReLU-conv with kernels of 3 and 3, or 1, 3 and 1, added to a shortcut.
 *
 * Maps `[H, W, N, inChannels]` to `[H/stride, W/stride, N, outChannels]`. Property names and their order are timm's.
 * Source: He et al. 2016, arXiv:1603.05027; the stride is on the first 3×3.
 */
class PreActV2Block extends Module {
  readonly downsample: Sequential | null;
  readonly norm1: BatchNorm2d;
  readonly conv1: Conv2d;
  readonly norm2: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly norm3: BatchNorm2d | null;
  readonly conv3: Conv2d | null;
  readonly skip: StochasticDepth | null;

  constructor(
    inChannels: number,
    channels: number,
    readonly outChannels: number,
    stride: number,
    options: BlockOptions,
  ) {
    super();
    const isBottleneck = outChannels > channels;
    const changes = stride > 1 || inChannels !== outChannels;
    this.downsample = changes
      ? new Sequential({ conv: convolution(inChannels, outChannels, 1, { stride }) })
      : null;
    this.norm1 = new BatchNorm2d(inChannels);
    this.conv1 = isBottleneck
      ? convolution(inChannels, channels, 1)
      : convolution(inChannels, channels, 3, { stride });
    this.norm2 = new BatchNorm2d(channels);
    this.conv2 = convolution(channels, channels, 3, { stride: isBottleneck ? stride : 1 });
    this.norm3 = isBottleneck ? new BatchNorm2d(channels) : null;
    this.conv3 = isBottleneck ? convolution(channels, outChannels, 1) : null;
    this.skip = makeStochasticDepth(options);
  }

  protected override forward(x: Tensor): Tensor {
    const activated = relu(this.norm1.call(x));
    let y = this.conv2.call(relu(this.norm2.call(this.conv1.call(activated))));
    if (this.norm3 && this.conv3) y = this.conv3.call(relu(this.norm3.call(y)));
    return add(this.skip?.call(y) ?? y, this.downsample?.call(activated) ?? x);
  }
}

/**
 * A pre-activation network with timm's names: a stem without batch norm, four stages, a last batch norm and ReLU, mean over the image,
 * and a classifier that is a 1×1 convolution.
 *
 * Maps `[H, W, N, channels]` to logits `[N, classes]`. Source: He et al. 2016, arXiv:1603.05027.
 */
export class ResNetV2 extends Module {
  readonly stem: Sequential;
  readonly stages: Sequential;
  readonly norm: BatchNorm2d;
  readonly head: Sequential;

  constructor(depth: keyof typeof blocksOf, options: PreActResNetOptions = {}) {
    super();
    const { classes = 1000, channels = 3, width = 64, stem = "imagenet", dropout = 0 } = options;
    const { conv1: conv, maxpool: pool } = makeStem(channels, width, stem);
    const expansion = depth < 50 ? 1 : 4;
    const { stages, outChannels } = makeStages(
      (place) =>
        new PreActV2Block(
          place.inChannels,
          place.channels,
          expansion * place.channels,
          place.stride,
          optionsAt(options, place),
        ),
      blocksOf[depth],
      width,
    );
    this.stem = new Sequential({ conv, ...(pool && { pool }) });
    this.stages = new Sequential(...stages.map((blocks) => new Sequential({ blocks })));
    this.norm = new BatchNorm2d(outChannels);
    const drop = makeDropout(dropout);
    this.head = new Sequential({
      global_pool: new AdaptiveAvgPool2d(),
      ...(drop && { drop }),
      fc: new Conv2d(outChannels, classes, 1, { initializer: normalInit(0.01) }),
      flatten: new Flatten(),
    });
  }

  protected override forward(x: Tensor): Tensor {
    return this.head.call(relu(this.norm.call(this.stages.call(this.stem.call(x)))));
  }
}

const resnetV2 = (depth: keyof typeof blocksOf): ((options?: PreActResNetOptions) => ResNetV2) =>
  network(`resnetv2_${depth}`, preActNetOptions, (options) => new ResNetV2(depth, options));

export const resnetv2_18 = resnetV2(18);
export const resnetv2_34 = resnetV2(34);
export const resnetv2_50 = resnetV2(50);
export const resnetv2_101 = resnetV2(101);
export const resnetv2_152 = resnetV2(152);
