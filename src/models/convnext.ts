import { add, mul } from "../functional/elementwise.js";
import type { Tensor } from "../graph/tensor.js";
import { GELU } from "../nn/activations.js";
import { Conv2d } from "../nn/conv2d.js";
import { Flatten } from "../nn/flatten.js";
import { constantInit, truncNormal } from "../nn/initializers.js";
import { LayerNorm, LayerNorm2d } from "../nn/layer-norm.js";
import { Linear } from "../nn/linear.js";
import { Module } from "../nn/module.js";
import { Parameter } from "../nn/parameter.js";
import { Permute } from "../nn/permute.js";
import { AdaptiveAvgPool2d } from "../nn/pooling.js";
import { Sequential } from "../nn/sequential.js";
import type { StochasticDepth } from "../nn/stochastic-depth.js";
import { makeStochasticDepth, type BlockOptions } from "./block.js";
import type { FourStages } from "./depths.js";
import { network, type NetworkOptions, type OptionNames } from "./network-options.js";

const initializer = truncNormal(0.02);
const eps = 1e-6;

/**
 * A 7×7 convolution of each channel alone, layer norm and two linear layers over the channels, scaled by a factor of each channel, and a
 * shortcut.
 *
 * Maps `[H, W, N, channels]` to the same shape. Property names are torchvision's.
 */
class CNBlock extends Module {
  readonly layer_scale: Parameter;
  readonly block: Sequential;
  readonly stochastic_depth: StochasticDepth | null;

  constructor(channels: number, options: BlockOptions) {
    super();
    this.layer_scale = new Parameter([channels, 1, 1], constantInit(1e-6));
    this.block = new Sequential(
      new Conv2d(channels, channels, 7, { padding: 3, groups: channels, initializer }),
      new Permute([0, 2, 3, 1]),
      new LayerNorm(channels, { eps }),
      new Linear(channels, 4 * channels, { initializer }),
      new GELU(),
      new Linear(4 * channels, channels, { initializer }),
      new Permute([0, 3, 1, 2]),
    );
    this.stochastic_depth = makeStochasticDepth(options);
  }

  protected override forward(x: Tensor): Tensor {
    const y = mul(this.layer_scale, this.block.call(x));
    return add(this.stochastic_depth?.call(y) ?? y, x);
  }
}

export interface ConvNeXtOptions extends NetworkOptions, Pick<BlockOptions, "stochasticDepth"> {}

/**
 * A convolutional network with the choices of vision transformers: `[H, W, N, channels]` to logits `[N, classes]`. Property names are
 * torchvision's. Stochastic depth grows from 0 at the first block to the option at the last.
 *
 * Source: Liu et al. 2022, arXiv:2201.03545.
 */
export class ConvNeXt extends Module {
  readonly features: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  readonly classifier: Sequential;

  /** @param blocks number of blocks in each stage */
  constructor(blocks: FourStages, options: ConvNeXtOptions = {}) {
    super();
    const { classes = 1000, channels = 3, width = 96, stochasticDepth = 0 } = options;
    const last = blocks.reduce((sum, count) => sum + count, -1);
    const stem = new Conv2d(channels, width, 4, { stride: 4, initializer });
    const features: Module[] = [new Sequential(stem, new LayerNorm2d(width, { eps }))];
    let index = 0;
    let inChannels = width;
    for (const [stage, count] of blocks.entries()) {
      if (stage > 0) {
        const conv = new Conv2d(inChannels, 2 * inChannels, 2, { stride: 2, initializer });
        features.push(new Sequential(new LayerNorm2d(inChannels, { eps }), conv));
        inChannels *= 2;
      }
      const stageBlocks = Array.from({ length: count }, () => {
        const depth = { stochasticDepth: (stochasticDepth * index++) / last };
        return new CNBlock(inChannels, depth);
      });
      features.push(new Sequential(...stageBlocks));
    }
    this.features = new Sequential(...features);
    this.avgpool = new AdaptiveAvgPool2d();
    this.classifier = new Sequential(
      new LayerNorm2d(inChannels, { eps }),
      new Flatten(),
      new Linear(inChannels, classes, { initializer }),
    );
  }

  protected override forward(x: Tensor): Tensor {
    return this.classifier.call(this.avgpool.call(this.features.call(x)));
  }
}

/** Names of the options of these networks. */
export const convNeXtOptions: OptionNames<ConvNeXtOptions> = ["width", "stochasticDepth"];

const convNeXt = (
  name: string,
  blocks: FourStages,
  defaults: ConvNeXtOptions,
): ((options?: ConvNeXtOptions) => ConvNeXt) =>
  network(name, convNeXtOptions, (options) => new ConvNeXt(blocks, { ...defaults, ...options }));

export const convnext_tiny = convNeXt("convnext_tiny", [3, 3, 9, 3], { stochasticDepth: 0.1 });
export const convnext_small = convNeXt("convnext_small", [3, 3, 27, 3], { stochasticDepth: 0.4 });
