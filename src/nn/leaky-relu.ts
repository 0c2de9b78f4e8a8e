import type { Tensor } from "../graph/tensor.js";
import { leakyRelu } from "../ops/leaky-relu.js";
import { checkNumber } from "../tensor/check-options.js";
import { Module } from "./module.js";

/** `x > 0 ? x : slope · x`, any shape. PyTorch's `LeakyReLU`. */
export class LeakyReLU extends Module {
  constructor(private readonly slope = 0.01) {
    super();
    checkNumber("LeakyReLU", "slope", slope, {});
  }

  override describe(): string {
    return String(this.slope);
  }

  protected override forward(x: Tensor): Tensor {
    return leakyRelu(x, this.slope);
  }
}
