import { layerNorm } from "../functional/normalization.js";
import type { Tensor } from "../graph/tensor.js";
import { checkNumber, checkOptionValues, count, notNegative } from "../tensor/check-options.js";
import { formatArguments } from "./describe.js";
import { constantInit } from "./initializers.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";
import { permuted } from "./permute.js";

export interface LayerNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number;
  /** Whether there is a factor and a summand for each feature. Default true. */
  readonly affine?: boolean;
}

/**
 * Standardizes the last axis of `[..., features]`. PyTorch's `LayerNorm(features)`.
 *
 * Source: Ba et al. 2016, arXiv:1607.06450.
 */
export class LayerNorm extends Module {
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  private readonly eps: number;

  /** @throws {ResnetError} `ERR_ARGUMENT` for an option that does not exist, or a number out of range */
  constructor(
    private readonly features: number,
    options: LayerNormOptions = {},
  ) {
    super();
    checkNumber("LayerNorm", "features", features, count);
    checkOptionValues("LayerNorm", options, { eps: notNegative, affine: "boolean" });
    const { eps = 1e-5, affine = true } = options;
    this.eps = eps;
    this.weight = affine ? new Parameter([features], constantInit(1)) : null;
    this.bias = affine ? new Parameter([features], constantInit(0)) : null;
  }

  override describe(): string {
    const options = { eps: this.eps, affine: this.weight !== null };
    return formatArguments([this.features], options, { eps: 1e-5, affine: true });
  }

  protected override forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return layerNorm(x, [this.features], {
      weight: weight ?? undefined,
      bias: bias ?? undefined,
      eps,
    });
  }
}

/** Standardizes the channels of each pixel of images: `[H, W, N, channels]` to the same shape. torchvision's `LayerNorm2d`. */
export class LayerNorm2d extends LayerNorm {
  protected override forward(x: Tensor): Tensor {
    return permuted(super.forward(permuted(x, [0, 2, 3, 1])), [0, 3, 1, 2]);
  }
}
