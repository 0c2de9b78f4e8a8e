import type { Tensor } from "../graph/tensor.js";
import { conv2d } from "../ops/conv2d.js";
import { checkNumber, checkOptions, count, size } from "../tensor/check-options.js";
import { UsageError } from "../tensor/error.js";
import { formatArguments } from "./describe.js";
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

const conv2dOptions = ["stride", "padding", "groups", "bias", "initializer"];

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

  /** @throws {ResnetError} `ERR_ARGUMENT` for an option that does not exist, or a number out of range */
  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    readonly kernel: number,
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
    checkOptions("Conv2d", options, conv2dOptions);
    for (const [name, value] of Object.entries({ inChannels, outChannels, kernel, stride, groups }))
      checkNumber("Conv2d", name, value, count);
    checkNumber("Conv2d", "padding", padding, size);
    if (inChannels % groups !== 0) {
      throw new UsageError(
        "ERR_ARGUMENT",
        `Conv2d: inChannels (${inChannels}) must be divisible by groups (${groups})`,
      );
    }
    this.weight = new Parameter([kernel, kernel, inChannels / groups, outChannels], initializer);
    this.bias = bias
      ? new Parameter([outChannels], torchDefaultBias(fans(this.weight.torchShape).fanIn))
      : null;
    this.window = { stride, padding, groups };
  }

  override describe(): string {
    const options = { ...this.window, bias: this.bias !== null };
    const defaults = { stride: 1, padding: 0, groups: 1, bias: true };
    return formatArguments([this.inChannels, this.outChannels, this.kernel], options, defaults);
  }

  protected override forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.window, this.bias ?? undefined);
  }
}
