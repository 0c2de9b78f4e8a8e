import type { Tensor } from "../graph/tensor.js";
import { ReLU6 } from "../nn/activations.js";
import { BatchNorm2d } from "../nn/batch-norm2d.js";
import { Dropout } from "../nn/dropout.js";
import { Flatten } from "../nn/flatten.js";
import { normalInit } from "../nn/initializers.js";
import { Linear } from "../nn/linear.js";
import { Module } from "../nn/module.js";
import { AdaptiveAvgPool2d } from "../nn/pooling.js";
import { Sequential } from "../nn/sequential.js";
import { add } from "../ops/add.js";
import { convolution } from "./block.js";
import { divisible } from "./divisible.js";
import { network, type ImageNetOptions, type OptionNames } from "./network-options.js";

const convNormReLU6 = (
  inChannels: number,
  channels: number,
  kernel: number,
  window: { readonly stride?: number; readonly groups?: number } = {},
): Sequential =>
  new Sequential(
    convolution(inChannels, channels, kernel, window),
    new BatchNorm2d(channels),
    new ReLU6(),
  );

/**
 * A 1×1 convolution that widens, a 3×3 one of each channel alone, and a 1×1 one that narrows, with a shortcut between the narrow ends where
 * they have one shape.
 *
 * Maps `[H, W, N, inChannels]` to `[⌈H/stride⌉, ⌈W/stride⌉, N, channels]`. Property names are torchvision's.
 */
class InvertedResidual extends Module {
  readonly conv: Sequential;
  private readonly hasShortcut: boolean;

  constructor(inChannels: number, channels: number, stride: number, expansion: number) {
    super();
    const inner = inChannels * expansion;
    this.hasShortcut = stride === 1 && inChannels === channels;
    this.conv = new Sequential(
      ...(expansion === 1 ? [] : [convNormReLU6(inChannels, inner, 1)]),
      convNormReLU6(inner, inner, 3, { stride, groups: inner }),
      convolution(inner, channels, 1),
      new BatchNorm2d(channels),
    );
  }

  protected override forward(x: Tensor): Tensor {
    const y = this.conv.call(x);
    return this.hasShortcut ? add(x, y) : y;
  }
}

/** Expansion, channels, number and first stride of the blocks. Source: Sandler et al. 2018, arXiv:1801.04381, table 2. */
const rows = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

export type MobileNetV2Options = Omit<ImageNetOptions, "stem">;

/**
 * A network of inverted residuals: `[H, W, N, channels]` to logits `[N, classes]`. Property names are torchvision's.
 *
 * `width` is the number of channels behind the first convolution, 32 by default; all others keep their proportion to it. The default of
 * `dropout` is 0.2.
 */
export class MobileNetV2 extends Module {
  readonly features: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  readonly flatten: Flatten;
  readonly classifier: Sequential;

  constructor({ classes = 1000, channels = 3, width = 32, dropout = 0.2 }: MobileNetV2Options) {
    super();
    const scaled = (count: number, factor = width / 32): number => divisible(count * factor, 0.9);
    let inChannels = scaled(32);
    const features: Module[] = [convNormReLU6(channels, inChannels, 3, { stride: 2 })];
    for (const [expansion, count, repeats, firstStride] of rows) {
      for (let i = 0; i < repeats; i++) {
        const stride = i === 0 ? firstStride : 1;
        features.push(new InvertedResidual(inChannels, scaled(count), stride, expansion));
        inChannels = scaled(count);
      }
    }
    const outChannels = scaled(1280, Math.max(1, width / 32));
    this.features = new Sequential(...features, convNormReLU6(inChannels, outChannels, 1));
    this.avgpool = new AdaptiveAvgPool2d();
    this.flatten = new Flatten();
    this.classifier = new Sequential(
      new Dropout(dropout),
      new Linear(outChannels, classes, { initializer: normalInit(0.01) }),
    );
  }

  protected override forward(x: Tensor): Tensor {
    const y = this.avgpool.call(this.features.call(x));
    return this.classifier.call(this.flatten.call(y));
  }
}

/** Names of the options of `mobilenet_v2`. */
export const mobileNetV2Options: OptionNames<MobileNetV2Options> = ["width", "dropout"];

export const mobilenet_v2 = network(
  "mobilenet_v2",
  mobileNetV2Options,
  (options: MobileNetV2Options) => new MobileNetV2(options),
);
