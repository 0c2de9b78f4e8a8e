import type { RunInputs } from "../executors/executor.js";
import { input, state, type Leaf, type Tensor } from "../graph/tensor.js";
import { adamOp } from "../ops/adam.js";
import { sgdOp } from "../ops/sgd.js";
import { checkOptionValues, decay, fraction, notNegative } from "../tensor/check-options.js";
import { optimizerState } from "./state-names.js";
import type { TrainConfig } from "./config/config.js";

/** A parameter under its name, and the gradient of the loss with respect to it. */
export interface ParameterGradient {
  readonly name: string;
  readonly parameter: Leaf;
  readonly gradient: Tensor;
  /** A factor on the learning rate of this parameter. Default 1. */
  readonly lrScale?: number;
  /** Whether weight decay applies. Default true. */
  readonly decays?: boolean;
}

/**
 * A graph pass that turns gradients into new values of parameters and optimizer state. The state of a parameter is
 * found by its name (`optimizerState`).
 */
export interface Optimizer {
  /**
   * Traces one step.
   *
   * @param gradientScale `[]`, multiplied into every gradient first. Default: none
   * @returns the new value of every state that the step changes
   */
  trace(gradients: readonly ParameterGradient[], gradientScale?: Tensor): ReadonlyMap<Leaf, Tensor>;
  /** The scalars that a traced step takes with each run. `step` counts from 0. */
  registers(step: number, learningRate: number): RunInputs;
}

export interface SgdOptions {
  /** Fraction of the last velocity that is kept, in `[0, 1]`. Default 0: no velocity. */
  readonly momentum?: number;
  /** Whether the step looks ahead along the velocity. Default false. */
  readonly nesterov?: boolean;
  /** Times the parameter, added to the gradient. Default 0. */
  readonly weightDecay?: number;
}

/** Stochastic gradient descent: PyTorch's `SGD` with dampening 0. */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkOptionValues("sgd", options, {
    momentum: fraction,
    nesterov: "boolean",
    weightDecay: notNegative,
  });
  const { momentum = 0, nesterov = false, weightDecay = 0 } = options;
  return {
    trace(gradients, gradientScale) {
      const learningRate = input("learningRate", []);
      const momentumRegister = input("momentum", []);
      const updates = new Map<Leaf, Tensor>();
      for (const { name, parameter, gradient, lrScale = 1, decays = true } of gradients) {
        const velocity = state(optimizerState("velocity", name), parameter.shape);
        const memory = momentum === 0 ? {} : { velocity, momentum: momentumRegister };
        const step = sgdOp.trace(
          { parameter, gradient, learningRate, ...memory, gradientScale },
          { nesterov, weightDecay: decays ? weightDecay : 0, lrScale },
        );
        updates.set(parameter, step.newParameter);
        if (momentum !== 0) updates.set(velocity, step.newVelocity);
      }
      return updates;
    },
    registers: (_step, learningRate) => ({
      learningRate,
      ...(momentum !== 0 && { momentum }),
    }),
  };
}

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

/** The values of the options of Adam and its relatives. */
export const adamOptions = {
  beta1: decay,
  beta2: decay,
  eps: notNegative,
  weightDecay: notNegative,
} as const;

/** PyTorch's `Adam`: weight decay is added to the gradient. */
export const adam = (options: AdamOptions = {}): Optimizer =>
  makeAdam("adam", { weightDecay: 0 }, options, false);

/** PyTorch's `AdamW`: weight decay shrinks the parameter itself. */
export const adamw = (options: AdamOptions = {}): Optimizer =>
  makeAdam("adamw", { weightDecay: 0.01 }, options, true);

function makeAdam(
  where: string,
  defaults: { readonly weightDecay: number },
  options: AdamOptions,
  decoupled: boolean,
): Optimizer {
  checkOptionValues(where, options, adamOptions);
  const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weightDecay = defaults.weightDecay } = options;
  return {
    trace(gradients, gradientScale) {
      const learningRate = input("learningRate", []);
      const step = input("step", []);
      const updates = new Map<Leaf, Tensor>();
      for (const { name, parameter, gradient, lrScale = 1, decays = true } of gradients) {
        const firstMoment = state(optimizerState("firstMoment", name), parameter.shape);
        const secondMoment = state(optimizerState("secondMoment", name), parameter.shape);
        const outputs = adamOp.trace(
          { parameter, gradient, learningRate, step, firstMoment, secondMoment, gradientScale },
          { beta1, beta2, eps, weightDecay: decays ? weightDecay : 0, decoupled, lrScale },
        );
        updates.set(parameter, outputs.newParameter);
        updates.set(firstMoment, outputs.newFirstMoment);
        updates.set(secondMoment, outputs.newSecondMoment);
      }
      return updates;
    },
    registers: (step, learningRate) => ({ learningRate, step: step + 1 }),
  };
}

/** The optimizer of a configuration. */
export function createOptimizer(config: TrainConfig): Optimizer {
  const { momentum, nesterov, weightDecay, eps } = config;
  const [beta1, beta2] = config.betas;
  switch (config.optimizer) {
    case "sgd":
      return sgd({ momentum, nesterov, weightDecay });
    case "adam":
      return adam({ beta1, beta2, eps, weightDecay });
    case "adamw":
      return adamw({ beta1, beta2, eps, weightDecay });
  }
}
