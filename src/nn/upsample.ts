import { upsample, type UpsampleOptions } from "../functional/resample.js";
import type { Tensor } from "../graph/tensor.js";
import { checkOptionValues } from "../tensor/check-options.js";
import { formatArguments } from "./describe.js";
import { Module } from "./module.js";

/** Images `[N, C, H, W]` of another size, by `nearest` or `bilinear`. PyTorch's `Upsample`. */
export class Upsample extends Module {
  /** @throws {ResnetError} `ERR_ARGUMENT` for an option that does not exist */
  constructor(private readonly options: UpsampleOptions) {
    super();
    checkOptionValues("Upsample", options, {
      size: "any",
      scale: "any",
      mode: ["nearest", "bilinear"],
      alignCorners: "boolean",
    });
  }

  override describe(): string {
    return formatArguments([], { ...this.options }, { mode: "nearest", alignCorners: false });
  }

  protected override forward(x: Tensor): Tensor {
    return upsample(x, this.options);
  }
}
