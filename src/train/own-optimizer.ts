import { shapeOf } from "../functional/axes.js";
import { mul } from "../functional/elementwise.js";
import { input, state, type Leaf, type Tensor } from "../graph/tensor.js";
import { inOrder } from "../ops/permute.js";
import { ResnetError } from "../tensor/error.js";
import { formatShape, sameShape } from "../tensor/shape.js";
import type { Optimizer } from "./optimizers.js";
import { optimizerState } from "./state-names.js";

/** One parameter in a step of an optimizer, while it is traced. */
export interface ParameterStep {
  /** Such as `layer1.0.conv1.weight`. */
  readonly name: string;
  readonly parameter: Tensor;
  /** The gradient, of the parameter's shape, after clipping. */
  readonly gradient: Tensor;
  /** `[]`: the learning rate of this parameter. */
  readonly learningRate: Tensor;
  /** `[]`: the number of the step, from 1. */
  readonly step: Tensor;
  /** Whether weight decay applies to it. */
  readonly decays: boolean;
  /** The optimizer's state for this parameter under that name: an array of its shape, zeros before the first step. */
  state(name: string): Tensor;
}

/** The new parameter, and the new values of what is remembered, by name. */
export interface ParameterUpdate {
  readonly parameter: Tensor;
  readonly [state: string]: Tensor;
}

/**
 * An optimizer from a function of traced tensors, which is called once for each parameter while a step is planned.
 *
 *     const heavyBall = ownOptimizer(({ parameter, gradient, learningRate, state }) => {
 *       const velocity = add(mul(state("velocity"), 0.9), gradient);
 *       return { parameter: sub(parameter, mul(velocity, learningRate)), velocity };
 *     });
 *
 * A scalar that changes from step to step is an input, `input("beta", [])`, which each step takes by that name.
 *
 * @throws {ResnetError} `ERR_OPTIMIZER`, when a step is planned, if a new value has another shape than the old one
 */
export const ownOptimizer = (update: (parameter: ParameterStep) => ParameterUpdate): Optimizer => ({
  trace(gradients, gradientScale) {
    const learningRate = input("learningRate", []);
    const step = input("step", []);
    const updates = new Map<Leaf, Tensor>();
    for (const { name, parameter, gradient, lrScale = 1, decays = true } of gradients) {
      const states = new Map<string, Leaf>();
      const stateOf = (kind: string): Leaf => {
        let leaf = states.get(kind);
        if (!leaf) {
          leaf = state(optimizerState(kind, name), parameter.shape);
          leaf.order = parameter.order;
          states.set(kind, leaf);
        }
        return leaf;
      };
      const { parameter: newParameter, ...remembered } = update({
        name,
        parameter,
        gradient: gradientScale ? mul(gradient, gradientScale) : gradient,
        learningRate: lrScale === 1 ? learningRate : mul(learningRate, lrScale),
        step,
        decays,
        state: stateOf,
      });
      updates.set(parameter, checked(name, "parameter", newParameter, parameter));
      for (const [kind, value] of Object.entries(remembered))
        updates.set(stateOf(kind), checked(name, kind, value, parameter));
    }
    return updates;
  },
  registers: (step, learningRate) => ({ learningRate, step: step + 1 }),
});

function checked(name: string, what: string, value: Tensor, parameter: Tensor): Tensor {
  const [found, wanted] = [shapeOf(value), shapeOf(parameter)];
  if (sameShape(found, wanted) && value.dtype === "f32") return inOrder(value, parameter.order);
  throw new ResnetError(
    "ERR_OPTIMIZER",
    `${name}: the optimizer's new ${what} is ${value.dtype} ${formatShape(found)}, but the parameter is f32 ` +
      formatShape(wanted),
  );
}
