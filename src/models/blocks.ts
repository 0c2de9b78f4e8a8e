import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../nn/batch-norm2d.js";
import { Conv2d } from "../nn/conv2d.js";
import { heNormal } from "../nn/initializers.js";
import { Module } from "../nn/module.js";
import { Sequential } from "../nn/sequential.js";
import { add } from "../ops/add.js";
import { relu } from "../ops/relu.js";

/** A convolution as ResNets have it: no bias, padding that keeps the image at stride 1, He-normal by fan-out. */
export const convolution = (
  inChannels: number,
  channels: number,
  kernel: number,
  stride = 1,
): Conv2d =>
  new Conv2d(inChannels, channels, kernel, {
    stride,
    padding: (kernel - 1) / 2,
    initializer: heNormal("fanOut"),
  });

/** A projection shortcut (option B) where the shape changes, and none where the identity fits. */
const shortcut = (inChannels: number, channels: number, stride: number): Sequential | null =>
  stride === 1 && inChannels === channels
    ? null
    : new Sequential(convolution(inChannels, channels, 1, stride), new BatchNorm2d(channels));

/**
 * Two 3×3 convolutions and a shortcut: the block of ResNet-18 and ResNet-34.
 *
 * Maps `[H, W, N, inChannels]` to `[H/stride, W/stride, N, channels]`.
 * Property names are torchvision's, so its checkpoints load by name.
 * Source: He et al. 2015, arXiv:1512.03385, figure 2; shortcut option B.
 */
export class BasicBlock extends Module {
  static readonly expansion = 1;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly downsample: Sequential | null;

  constructor(inChannels: number, channels: number, stride = 1) {
    super();
    this.conv1 = convolution(inChannels, channels, 3, stride);
    this.bn1 = new BatchNorm2d(channels);
    this.conv2 = convolution(channels, channels, 3);
    this.bn2 = new BatchNorm2d(channels);
    this.downsample = shortcut(inChannels, channels, stride);
  }

  protected override forward(x: Tensor): Tensor {
    let y = relu(this.bn1.call(this.conv1.call(x)));
    y = this.bn2.call(this.conv2.call(y));
    return relu(add(y, this.downsample?.call(x) ?? x));
  }
}

/**
 * 1×1, 3×3 and 1×1 convolutions and a shortcut: the block of ResNet-50, -101 and -152.
 *
 * Maps `[H, W, N, inChannels]` to `[H/stride, W/stride, N, 4·channels]`. The stride is on the 3×3, as in torchvision;
 * the paper has it on the first 1×1.
 * Source: He et al. 2015, arXiv:1512.03385, figure 5.
 */
export class Bottleneck extends Module {
  static readonly expansion = 4;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Sequential | null;

  constructor(inChannels: number, channels: number, stride = 1) {
    super();
    const outChannels = Bottleneck.expansion * channels;
    this.conv1 = convolution(inChannels, channels, 1);
    this.bn1 = new BatchNorm2d(channels);
    this.conv2 = convolution(channels, channels, 3, stride);
    this.bn2 = new BatchNorm2d(channels);
    this.conv3 = convolution(channels, outChannels, 1);
    this.bn3 = new BatchNorm2d(outChannels);
    this.downsample = shortcut(inChannels, outChannels, stride);
  }

  protected override forward(x: Tensor): Tensor {
    let y = relu(this.bn1.call(this.conv1.call(x)));
    y = relu(this.bn2.call(this.conv2.call(y)));
    y = this.bn3.call(this.conv3.call(y));
    return relu(add(y, this.downsample?.call(x) ?? x));
  }
}
