import { defineOp } from "../graph/define-op.js";
import { sizeOf } from "../tensor/shape.js";

export type SgdAttrs = {
  /** Whether the step looks ahead along the velocity. */
  readonly nesterov: boolean;
  /** Times the parameter, added to the gradient; no unit. */
  readonly weightDecay: number;
};

/**
 * One step of gradient descent on one parameter, as PyTorch's `SGD` with dampening 0:
 *
 *     g  = gradient + weightDecay · parameter
 *     v' = momentum · v + g                                  velocity and momentum may be absent: v' = g
 *     parameter' = parameter − learningRate · (nesterov ? g + momentum · v' : v')
 *
 * All but the registers learningRate [] and momentum [] have the parameter's shape.
 */
export const sgdOp = defineOp<
  "parameter" | "gradient" | "learningRate" | "velocity?" | "momentum?",
  "newParameter" | "newVelocity?",
  SgdAttrs
>({
  name: "sgd",
  inputs: ["parameter", "gradient", "learningRate", "velocity?", "momentum?"],
  outputs: ["newParameter", "newVelocity?"],
  inPlace: { newParameter: ["parameter"], newVelocity: ["velocity"] },
  gradient: null,
  shape: ({ parameter }) => ({ newParameter: parameter, newVelocity: parameter }),
  flops: ({ parameter }) => 6 * sizeOf(parameter.shape),
  reference(
    { parameter, gradient, learningRate, velocity, momentum },
    { newParameter, newVelocity },
    attrs,
  ) {
    const beta = momentum?.data[0] ?? 0;
    for (let i = 0; i < parameter.data.length; i++) {
      const g = gradient.data[i]! + attrs.weightDecay * parameter.data[i]!;
      const v = beta * (velocity?.data[i] ?? 0) + g;
      if (newVelocity) newVelocity.data[i] = v;
      newParameter.data[i] =
        parameter.data[i]! - learningRate.data[0]! * (attrs.nesterov ? g + beta * v : v);
    }
  },
});
