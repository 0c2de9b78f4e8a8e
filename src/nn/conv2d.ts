import type { Tensor } from "../graph/tensor.js";
import { conv2d } from "../functional/convolution.js";
import { type PerAxis } from "../functional/per-axis.js";
import { checkNumber, checkOptions, checkPerAxis, count, size } from "../tensor/check-options.js";
import { UsageError } from "../tensor/error.js";
import { describeSize, formatArguments } from "./describe.js";
import { fans, torchDefault, torchDefaultBias, type Initializer } from "./initializers.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

export interface Conv2dOptions {
  /** Step between windows, in pixels. Default 1. */
  readonly stride?: PerAxis;
  /** Zeros on both sides of each axis, in pixels; or `same`, so that a stride of 1 keeps the size. Default 0. */
  readonly padding?: PerAxis | "same";
  /** Distance between the taps of the filter, in pixels. Default 1. */
  readonly dilation?: PerAxis;
  /** Groups of channels that do not see each other. Default 1. */
  readonly groups?: number;
  /** Whether each output channel has a bias, which a batch norm right after it takes out again. Default true. */
  readonly bias?: boolean;
  /** First values of the weight. Default PyTorch's. */
  readonly initializer?: Initializer;
}

const conv2dOptions = ["stride", "padding", "dilation", "groups", "bias", "initializer"];

/**
 * 2-D convolution: `[N, inChannels, H, W]` to `[N, outChannels, OH, OW]`, where
 * `OH = ⌊(H + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1`. PyTorch's `Conv2d`.
 *
 * The kernel, and the options that are sizes, are one number for height and width, or `[height, width]`.
 */
export class Conv2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  private readonly window: {
    readonly stride: PerAxis;
    readonly padding: PerAxis | "same";
    readonly dilation: PerAxis;
    readonly groups: number;
  };

  /** @throws {ResnetError} `ERR_ARGUMENT` for an option that does not exist, or a number out of range */
  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    readonly kernel: PerAxis,
    options: Conv2dOptions = {},
  ) {
    super();
    const {
      stride = 1,
      padding = 0,
      dilation = 1,
      groups = 1,
      bias = true,
      initializer = torchDefault,
    } = options;
    checkOptions("Conv2d", options, conv2dOptions);
    for (const [name, value] of Object.entries({ inChannels, outChannels, groups }))
      checkNumber("Conv2d", name, value, count);
    for (const [name, value] of Object.entries({ kernel, stride, dilation }))
      checkPerAxis("Conv2d", name, value, count);
    if (padding !== "same") checkPerAxis("Conv2d", "padding", padding, size);
    if (inChannels % groups !== 0) {
      throw new UsageError(
        "ERR_ARGUMENT",
        `Conv2d: inChannels (${inChannels}) must be divisible by groups (${groups})`,
      );
    }
    const [height, width] = typeof kernel === "number" ? [kernel, kernel] : kernel;
    this.weight = new Parameter([height, width, inChannels / groups, outChannels], initializer);
    this.bias = bias
      ? new Parameter([outChannels], torchDefaultBias(fans(this.weight.torchShape).fanIn))
      : null;
    this.window = { stride, padding, dilation, groups };
  }

  override describe(): string {
    const options = { ...this.window, bias: this.bias !== null };
    const defaults = { stride: 1, padding: 0, dilation: 1, groups: 1, bias: true };
    return formatArguments(
      [this.inChannels, this.outChannels, describeSize(this.kernel)],
      options,
      defaults,
    );
  }

  protected override forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, { ...this.window, bias: this.bias ?? undefined });
  }
}
