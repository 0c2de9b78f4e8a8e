import type { Tensor } from "../graph/tensor.js";
import { Module } from "./module.js";

/** x itself. PyTorch's `Identity`; keeps the place of a layer, and so the numbers of those behind it. */
export class Identity extends Module {
  protected override forward(x: Tensor): Tensor {
    return x;
  }
}
