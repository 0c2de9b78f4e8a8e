import type { Tensor } from "../graph/tensor.js";
import { relu } from "../ops/relu.js";
import { Module } from "./module.js";

/** `max(x, 0)`, any shape. PyTorch's `ReLU`. */
export class ReLU extends Module {
  protected override forward(x: Tensor): Tensor {
    return relu(x);
  }
}
