import { convTranspose2d, type ConvTransposeOptions } from "../functional/convolution.js";
import type { Tensor } from "../graph/tensor.js";
import {
  checkNumber,
  checkOptionValues,
  checkPerAxis,
  count,
  size,
} from "../tensor/check-options.js";
import { UsageError } from "../tensor/error.js";
import { describeSize, formatArguments } from "./describe.js";
import { fans, torchDefault, torchDefaultBias, type Initializer } from "./initializers.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

export interface ConvTranspose2dOptions extends Omit<ConvTransposeOptions, "bias"> {
  /** Whether each output channel has a bias. Default true. */
  readonly bias?: boolean;
  /** First values of the weight. Default PyTorch's. */
  readonly initializer?: Initializer;
}

/**
 * Transposed 2-D convolution, which makes images larger: `[N, inChannels, H, W]` to `[N, outChannels, OH, OW]`, where
 * `OH = (H − 1)·stride − 2·padding + dilation·(kernel − 1) + outputPadding + 1`. PyTorch's `ConvTranspose2d`.
 */
export class ConvTranspose2d extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;
  private readonly window: ConvTransposeOptions;

  /** @throws {ResnetError} `ERR_ARGUMENT` for an option that does not exist, or a number out of range */
  constructor(
    private readonly inChannels: number,
    private readonly outChannels: number,
    private readonly kernel: number | readonly [height: number, width: number],
    options: ConvTranspose2dOptions = {},
  ) {
    super();
    const sizes = { stride: "any", padding: "any", outputPadding: "any", dilation: "any" } as const;
    const values = { ...sizes, groups: count, bias: "boolean", initializer: "any" } as const;
    checkOptionValues("ConvTranspose2d", options, values);
    const { bias = true, initializer = torchDefault, ...window } = options;
    const { stride = 1, padding = 0, outputPadding = 0, dilation = 1, groups = 1 } = window;
    for (const [name, value] of Object.entries({ inChannels, outChannels }))
      checkNumber("ConvTranspose2d", name, value, count);
    for (const [name, value] of Object.entries({ kernel, stride, dilation }))
      checkPerAxis("ConvTranspose2d", name, value, count);
    for (const [name, value] of Object.entries({ padding, outputPadding }))
      checkPerAxis("ConvTranspose2d", name, value, size);
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new UsageError(
        "ERR_ARGUMENT",
        `ConvTranspose2d: inChannels (${inChannels}) and outChannels (${outChannels}) must be divisible by groups (${groups})`,
      );
    }
    const [height, width] = typeof kernel === "number" ? [kernel, kernel] : kernel;
    // In memory the weight of the convolution whose gradient this is: KH, KW, In, Out.
    this.weight = new Parameter([height, width, outChannels / groups, inChannels], initializer);
    this.bias = bias
      ? new Parameter([outChannels], torchDefaultBias(fans(this.weight.torchShape).fanIn))
      : null;
    this.window = { stride, padding, outputPadding, dilation, groups };
  }

  override describe(): string {
    const options = { ...this.window, bias: this.bias !== null };
    const defaults = {
      stride: 1,
      padding: 0,
      outputPadding: 0,
      dilation: 1,
      groups: 1,
      bias: true,
    };
    return formatArguments(
      [this.inChannels, this.outChannels, describeSize(this.kernel)],
      options,
      defaults,
    );
  }

  protected override forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, { ...this.window, bias: this.bias ?? undefined });
  }
}
