import { groupNorm } from "../functional/normalization.js";
import type { Tensor } from "../graph/tensor.js";
import { checkNumber, checkOptionValues, count, notNegative } from "../tensor/check-options.js";
import { UsageError } from "../tensor/error.js";
import { formatArguments } from "./describe.js";
import { constantInit } from "./initializers.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

export interface GroupNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Whether there is a factor and a summand for each channel. Default true. */
  readonly affine?: boolean;
}

/**
 * Standardizes each group of channels of each sample of `[N, channels, ...]`. PyTorch's `GroupNorm(groups, channels)`.
 *
 * Source: Wu and He 2018, arXiv:1803.08494.
 */
export class GroupNorm extends Module {
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  private readonly eps: number;

  /** @throws {ResnetError} `ERR_ARGUMENT` if the groups do not divide the channels, or an option is wrong */
  constructor(
    private readonly groups: number,
    private readonly channels: number,
    options: GroupNormOptions = {},
  ) {
    super();
    checkNumber("GroupNorm", "groups", groups, count);
    checkNumber("GroupNorm", "channels", channels, count);
    checkOptionValues("GroupNorm", options, { eps: notNegative, affine: "boolean" });
    if (channels % groups !== 0) {
      throw new UsageError(
        "ERR_ARGUMENT",
        `GroupNorm: channels (${channels}) must be divisible by groups (${groups})`,
      );
    }
    const { eps = 1e-5, affine = true } = options;
    this.eps = eps;
    this.weight = affine ? new Parameter([channels], constantInit(1)) : null;
    this.bias = affine ? new Parameter([channels], constantInit(0)) : null;
  }

  override describe(): string {
    const options = { eps: this.eps, affine: this.weight !== null };
    return formatArguments([this.groups, this.channels], options, { eps: 1e-5, affine: true });
  }

  protected override forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return groupNorm(x, this.groups, { weight: weight ?? undefined, bias: bias ?? undefined, eps });
  }
}
