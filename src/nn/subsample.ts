import type { Tensor } from "../graph/tensor.js";
import { subsample, type SubsampleAttrs } from "../ops/subsample.js";
import { formatArguments } from "./describe.js";
import { Module } from "./module.js";

/**
 * Every stride-th pixel with channels of zeros on both sides: `[H, W, N, C]` to
 * `[⌈H / stride⌉, ⌈W / stride⌉, N, before + C + after]`. PyTorch's `F.pad(x[:, :, ::s, ::s], (0, 0, 0, 0, before, after))`.
 */
export class Subsample extends Module {
  constructor(private readonly attrs: SubsampleAttrs) {
    super();
  }

  override describe(): string {
    return formatArguments([], { ...this.attrs });
  }

  protected override forward(x: Tensor): Tensor {
    return subsample(x, this.attrs);
  }
}
