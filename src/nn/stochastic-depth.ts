import { currentTrace } from "../graph/trace.js";
import type { Tensor } from "../graph/tensor.js";
import { stochasticDepth } from "../ops/stochastic-depth.js";
import { checkNumber, fraction } from "../tensor/check-options.js";
import { Module } from "./module.js";

/**
 * In training, zeroes random samples and scales up the others; in evaluation, the identity.
 * torchvision's `StochasticDepth(p, mode="row")`.
 */
export class StochasticDepth extends Module {
  /** @param probability probability of a sample to become 0, in `[0, 1]` */
  constructor(private readonly probability: number) {
    super();
    checkNumber("StochasticDepth", "probability", probability, fraction);
  }

  override describe(): string {
    return String(this.probability);
  }

  protected override forward(x: Tensor): Tensor {
    const trace = currentTrace();
    if (!trace.trains(this) || this.probability === 0) return x;
    const { key, stream } = trace.randomStream();
    return stochasticDepth(x, key, { probability: this.probability, stream });
  }
}
