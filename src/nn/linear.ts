import type { Tensor } from "../graph/tensor.js";
import { linear } from "../ops/linear.js";
import { checkNumber, checkOptions, count } from "../tensor/check-options.js";
import { formatArguments } from "./describe.js";
import { torchDefault, torchDefaultBias, type Initializer } from "./initializers.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

export interface LinearOptions {
  /** Whether each output has a bias. Default true. */
  readonly bias?: boolean;
  /** Initializer of the weight. Default: PyTorch's. */
  readonly initializer?: Initializer;
}

/** Fully connected layer: `[N, inFeatures]` to `[N, outFeatures]`. PyTorch's `Linear`. */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  /** @throws {ResnetError} `ERR_ARGUMENT` for an option that does not exist, or a number out of range */
  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    options: LinearOptions = {},
  ) {
    super();
    checkOptions("Linear", options, ["bias", "initializer"]);
    checkNumber("Linear", "inFeatures", inFeatures, count);
    checkNumber("Linear", "outFeatures", outFeatures, count);
    const { bias = true, initializer = torchDefault } = options;
    this.weight = new Parameter([inFeatures, outFeatures], initializer);
    this.bias = bias ? new Parameter([outFeatures], torchDefaultBias(inFeatures)) : null;
  }

  override describe(): string {
    const bias = this.bias !== null;
    return formatArguments([this.inFeatures, this.outFeatures], { bias }, { bias: true });
  }

  protected override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias ?? undefined);
  }
}
