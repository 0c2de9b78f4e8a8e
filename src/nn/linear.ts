import { plain } from "../functional/axes.js";
import type { Tensor } from "../graph/tensor.js";
import { cast } from "../ops/cast.js";
import { linear } from "../ops/linear.js";
import { reshape } from "../ops/reshape.js";
import { checkNumber, checkOptions, count } from "../tensor/check-options.js";
import { sizeOf, type FloatDType } from "../tensor/shape.js";
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

/** Fully connected layer over the last axis: `[..., inFeatures]` to `[..., outFeatures]`. PyTorch's `Linear`. */
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
    const bias = this.bias ?? undefined;
    if (x.shape.length <= 2) return linear(x, this.weight, bias);
    const last = x.shape.length - 1;
    const rows = x.order === null || x.order[last] === last ? x : plain(x); // the last axis of memory, too
    const sizes = rows.shape.slice(0, last);
    const floats = cast(reshape(rows, [sizeOf(sizes), rows.shape[last]!]), "f32");
    const y = cast(linear(floats, this.weight, bias), x.dtype as FloatDType);
    const result = reshape(y, [...sizes, this.outFeatures]);
    result.order = rows.order;
    return result;
  }
}
