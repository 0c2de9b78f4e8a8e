import type { Tensor } from "../graph/tensor.js";
import { conv2d } from "../ops/conv2d.js";
import { ResnetError } from "../tensor/error.js";
import { fans, torchDefault, torchDefaultBias, type Initializer } from "./initializers.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

export interface Conv2dOptions {
  /** Step between windows, in pixels. Default 1. */
  readonly stride?: number;
  /** Zeros on every side of the image, in pixels. Default 0. */
  readonly padding?: number;
  /** Groups of channels that do not see each other. Default 1. */
  readonly groups?: number;
  /** Whether each output channel has a bias, which a batch norm right after it takes out again. Default true. */
  readonly bias?: boolean;
  /** First values of the weight. Default PyTorch's. */
  readonly initializer?: Initializer;
}

/**
 * 2-D convolution with a square window: `[H, W, N, inChannels]` to `[OH, OW, N, outChannels]`, where
 * `OH = ⌊(H + 2·padding − kernel) / stride⌋ + 1`. PyTorch's `Conv2d`.
 */
export class Conv2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  private readonly window: {
    readonly stride: number;
    readonly padding: number;
    readonly groups: number;
  };

  constructor(
    inChannels: number,
    outChannels: number,
    kernel: number,
    options: Conv2dOptions = {},
  ) {
    super();
    const {
      stride = 1,
      padding = 0,
      groups = 1,
      bias = true,
      initializer = torchDefault,
    } = options;
    if (inChannels % groups !== 0) {
      throw new ResnetError(
        "ERR_ATTRIBUTE",

        `Conv2d: inChannels (${inChannels}) must be divisible by groups (${groups})`,
      );
    }
    this.weight = new Parameter([kernel, kernel, inChannels / groups, outChannels], initializer);
    this.bias = bias
      ? new Parameter([outChannels], torchDefaultBias(fans(this.weight.torchShape).fanIn))
      : null;
    this.window = { stride, padding, groups };
  }

  protected override forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.window, this.bias ?? undefined);
  }
}
