import { currentTrace } from "../graph/trace.js";
import type { Tensor } from "../graph/tensor.js";
import { dropout } from "../ops/dropout.js";
import { checkNumber, fraction } from "../tensor/check-options.js";
import { Module } from "./module.js";

/** In training, zeroes random elements and scales up the others; in evaluation, the identity. PyTorch's `Dropout`. */
export class Dropout extends Module {
  /** @param probability probability of an element to become 0, in `[0, 1]` */
  constructor(private readonly probability = 0.5) {
    super();
    checkNumber("Dropout", "probability", probability, fraction);
  }

  override describe(): string {
    return String(this.probability);
  }

  protected override forward(x: Tensor): Tensor {
    const trace = currentTrace();
    if (!trace.trains(this) || this.probability === 0) return x;
    const { key, stream } = trace.randomStream();
    return dropout(x, key, { probability: this.probability, stream });
  }
}
