import { avgPool2d } from "../functional/pooling.js";
import type { Tensor } from "../graph/tensor.js";
import { BatchNorm2d } from "../nn/batch-norm2d.js";
import { Identity } from "../nn/identity.js";
import { Module } from "../nn/module.js";
import { Sequential } from "../nn/sequential.js";
import { convolution } from "./block.js";

/** Means of windows of `stride`², of which the last are cut at the image's border. PyTorch's `AvgPool2d` with `ceil_mode`. */
class CeilAvgPool2d extends Module {
  constructor(private readonly stride: number) {
    super();
  }

  override describe(): string {
    return `${this.stride}, { ceilMode: true, countIncludePad: false }`;
  }

  protected override forward(x: Tensor): Tensor {
    return avgPool2d(x, { kernel: this.stride, ceilMode: true, countIncludePad: false });
  }
}

/**
 * A shortcut that uses every pixel where the shape changes: means of windows, and then a 1×1 convolution; null where the identity fits.
 *
 * Source: He et al. 2018, arXiv:1812.01187, figure 2, ResNet-D. Names are timm's.
 */
export const averagedProjection = (
  inChannels: number,
  channels: number,
  stride: number,
): Sequential | null =>
  stride === 1 && inChannels === channels
    ? null
    : new Sequential(
        stride === 1 ? new Identity() : new CeilAvgPool2d(stride),
        convolution(inChannels, channels, 1),
        new BatchNorm2d(channels),
      );
