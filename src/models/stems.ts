import { BatchNorm2d } from "../nn/batch-norm2d.js";
import { BlurPool2d } from "../nn/blur-pool2d.js";
import type { Conv2d } from "../nn/conv2d.js";
import type { Module } from "../nn/module.js";
import { MaxPool2d } from "../nn/pooling.js";
import { ReLU } from "../nn/relu.js";
import { Sequential } from "../nn/sequential.js";
import { convolution } from "./block.js";

/** The first layers of a network: `conv1`, before a batch norm and ReLU, and `maxpool` behind them. */
export interface Stem {
  readonly conv1: Conv2d | Sequential;
  readonly maxpool: Module | null;
}

/** Makes a stem from the channels of images to `width` channels. */
export type StemFactory = (channels: number, width: number) => Stem;

/** A 3×3 convolution that keeps the image. */
export const cifarStem: StemFactory = (channels, width) => ({
  conv1: convolution(channels, width, 3),
  maxpool: null,
});

/** A 7×7 convolution of stride 2 and a max pool, which leave a quarter of the image's height and width. */
export const imageNetStem: StemFactory = (channels, width) => ({
  conv1: convolution(channels, width, 7, { stride: 2 }),
  maxpool: new MaxPool2d(3, { stride: 2, padding: 1 }),
});

/**
 * Three 3×3 convolutions, the first of stride 2, and a max pool.
 * Source: He et al. 2018, arXiv:1812.01187, figure 2, ResNet-C.
 */
export function deepStem(channels: number, width: number): Stem {
  const inner = Math.ceil(width / 2);
  const conv1 = new Sequential(
    convolution(channels, inner, 3, { stride: 2 }),
    new BatchNorm2d(inner),
    new ReLU(),
    convolution(inner, inner, 3),
    new BatchNorm2d(inner),
    new ReLU(),
    convolution(inner, width, 3),
  );
  return { conv1, maxpool: new MaxPool2d(3, { stride: 2, padding: 1 }) };
}

/** The deep stem with a 3×3 convolution of stride 2 in place of its pool. Source: Bello et al. 2021, arXiv:2103.07579. */
export const convolvedStem: StemFactory = (channels, width) => ({
  ...deepStem(channels, width),
  maxpool: new Sequential(
    convolution(width, width, 3, { stride: 2 }),
    new BatchNorm2d(width),
    new ReLU(),
  ),
});

/** The 7×7 convolution, and a max pool that is blurred before every second pixel is dropped. */
export const blurredStem: StemFactory = (channels, width) => ({
  ...imageNetStem(channels, width),
  maxpool: new Sequential(new MaxPool2d(3, { stride: 1, padding: 1 }), new BlurPool2d()),
});
