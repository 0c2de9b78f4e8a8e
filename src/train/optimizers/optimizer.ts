import type { Leaf, Tensor } from "../../graph/tensor.js";

/** A parameter under its name, and the gradient of the loss by it. */
export interface ParameterGradient {
  readonly name: string;
  readonly parameter: Leaf;
  readonly gradient: Tensor;
  /** Times the learning rate. Default 1. */
  readonly rateFactor?: number;
  /** Whether weight decay applies. Default true. */
  readonly decays?: boolean;
}

/**
 * An optimiser is a graph pass: given parameters and gradients it traces the step, and returns the new value of every
 * state that it changes. What it remembers is state that goes by the name of the parameter (`optimizerState`).
 *
 * `gradientScale` `[]`, where there is one, multiplies every gradient first.
 */
export interface Optimizer {
  trace(gradients: readonly ParameterGradient[], gradientScale?: Tensor): ReadonlyMap<Leaf, Tensor>;
}
