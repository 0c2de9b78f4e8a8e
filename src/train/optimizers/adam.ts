import { input, state, type Leaf, type Tensor } from "../../graph/tensor.js";
import { adamOp } from "../../ops/adam.js";
import { optimizerState } from "../state-names.js";
import type { Optimizer } from "./optimizer.js";

export interface AdamOptions {
  /** Decay of the first moment. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment. Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment. Default 1e-8. */
  readonly eps?: number;
  /** Default 0 for Adam, 0.01 for AdamW. */
  readonly weightDecay?: number;
}

/** Adam: weight decay is part of the gradient. PyTorch's `Adam`. Registers: `learningRate`, `step` (from 1). */
export const adam = (options: AdamOptions = {}): Optimizer =>
  traceAdam({ weightDecay: 0, ...options }, false);

/** AdamW: weight decay shrinks the parameter itself. PyTorch's `AdamW`. Registers: `learningRate`, `step` (from 1). */
export const adamw = (options: AdamOptions = {}): Optimizer =>
  traceAdam({ weightDecay: 0.01, ...options }, true);

function traceAdam(
  { beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = 0 }: AdamOptions,
  decoupled: boolean,
): Optimizer {
  return {
    trace(gradients, gradientScale) {
      const learningRate = input("learningRate", []);
      const step = input("step", []);
      const updates = new Map<Leaf, Tensor>();
      for (const { name, parameter, gradient, rateFactor = 1, decays = true } of gradients) {
        const firstMoment = state(optimizerState("firstMoment", name), parameter.shape);
        const secondMoment = state(optimizerState("secondMoment", name), parameter.shape);
        const outputs = adamOp.trace(
          { parameter, gradient, learningRate, step, firstMoment, secondMoment, gradientScale },
          { beta1, beta2, eps, weightDecay: decays ? weightDecay : 0, decoupled, rateFactor },
        );
        updates.set(parameter, outputs.newParameter);
        updates.set(firstMoment, outputs.newFirstMoment);
        updates.set(secondMoment, outputs.newSecondMoment);
      }
      return updates;
    },
  };
}
