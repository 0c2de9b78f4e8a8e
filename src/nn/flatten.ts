import type { Tensor } from "../graph/tensor.js";
import { flatten } from "../ops/flatten.js";
import { Module } from "./module.js";

/** `[H, W, N, C]` to rows of features `[N, C·H·W]`. PyTorch's `Flatten`. */
export class Flatten extends Module {
  protected override forward(x: Tensor): Tensor {
    return flatten(x);
  }
}
