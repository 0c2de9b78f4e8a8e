import type { Tensor } from "../graph/tensor.js";
import { linear } from "../ops/linear.js";
import { torchDefault, torchDefaultBias, type Initializer } from "./initializers.js";
import { Module } from "./module.js";
import { Parameter } from "./parameter.js";

export interface LinearOptions {
  /** Whether each output has a bias. Default true. */
  readonly bias?: boolean;
  /** First values of the weight. Default PyTorch's. */
  readonly initializer?: Initializer;
}

/** Fully connected layer: `[N, inFeatures]` to `[N, outFeatures]`. PyTorch's `Linear`. */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  constructor(
    inFeatures: number,
    outFeatures: number,
    { bias = true, initializer = torchDefault }: LinearOptions = {},
  ) {
    super();
    this.weight = new Parameter([inFeatures, outFeatures], initializer);
    this.bias = bias ? new Parameter([outFeatures], torchDefaultBias(inFeatures)) : null;
  }

  protected override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias ?? undefined);
  }
}
