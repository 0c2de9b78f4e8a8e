import { input, state, type Leaf, type Tensor } from "../../graph/tensor.js";
import { sgdOp } from "../../ops/sgd.js";
import { optimizerState } from "../state-names.js";
import type { Optimizer } from "./optimizer.js";

export interface SgdOptions {
  /** Share of the last velocity that is kept, in `[0, 1]`. 0 keeps no velocity at all. */
  readonly momentum?: number;
  /** Whether the step looks ahead along the velocity. */
  readonly nesterov?: boolean;
  /** Times the parameter, added to the gradient. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent. PyTorch's `SGD` (dampening 0).
 *
 * Registers: `learningRate`, and `momentum` unless it is 0.
 */
export function sgd({
  momentum = 0,
  nesterov = false,
  weightDecay = 0,
}: SgdOptions = {}): Optimizer {
  return {
    trace(gradients, gradientScale) {
      const learningRate = input("learningRate", []);
      const momentumRegister = input("momentum", []);
      const updates = new Map<Leaf, Tensor>();
      for (const { name, parameter, gradient, rateFactor = 1, decays = true } of gradients) {
        const velocity = state(optimizerState("velocity", name), parameter.shape);
        const memory = momentum === 0 ? {} : { velocity, momentum: momentumRegister };
        const step = sgdOp.trace(
          { parameter, gradient, learningRate, ...memory, gradientScale },
          { nesterov, weightDecay: decays ? weightDecay : 0, rateFactor },
        );
        updates.set(parameter, step.newParameter);
        if (momentum !== 0) updates.set(velocity, step.newVelocity);
      }
      return updates;
    },
  };
}
