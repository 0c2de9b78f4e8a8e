import { defineOp } from "../graph/define-op.js";
import { sizeOf } from "../tensor/shape.js";

export type SgdAttrs = {
  /** Whether the step looks ahead along the velocity. */
  readonly nesterov: boolean;
  /** Times the parameter, added to the gradient; no unit. */
  readonly weightDecay: number;
  /** Times the learning rate: that of the parameter's group. */
  readonly rateFactor: number;
};

/**
 * One step of gradient descent on one parameter, as PyTorch's `SGD` with dampening 0:
 *
 *     g  = gradientScale · gradient + weightDecay · parameter    gradientScale may be absent: 1
 *     v' = momentum · v + g                                  velocity and momentum may be absent: v' = g
 *     parameter' = parameter − rateFactor · learningRate · (nesterov ? g + momentum · v' : v')
 *
 * All but the registers learningRate [] and momentum [], and gradientScale [], have the parameter's shape.
 */
export const sgdOp = defineOp<
  "parameter" | "gradient" | "learningRate" | "velocity?" | "momentum?" | "gradientScale?",
  "newParameter" | "newVelocity?",
  SgdAttrs
>({
  name: "sgd",
  inputs: ["parameter", "gradient", "learningRate", "velocity?", "momentum?", "gradientScale?"],
  outputs: ["newParameter", "newVelocity?"],
  inPlace: { newParameter: ["parameter"], newVelocity: ["velocity"] },
  gradient: null,
  shape: ({ parameter }) => ({ newParameter: parameter, newVelocity: parameter }),
  flops: ({ parameter }) => 6 * sizeOf(parameter.shape),
  reference(
    { parameter, gradient, learningRate, velocity, momentum, gradientScale },
    { newParameter, newVelocity },
    attrs,
  ) {
    const beta = momentum?.data[0] ?? 0;
    const scale = gradientScale?.data[0] ?? 1;
    const rate = attrs.rateFactor * learningRate.data[0]!;
    for (let i = 0; i < parameter.data.length; i++) {
      const g = scale * gradient.data[i]! + attrs.weightDecay * parameter.data[i]!;
      const v = beta * (velocity?.data[i] ?? 0) + g;
      if (newVelocity) newVelocity.data[i] = v;
      newParameter.data[i] = parameter.data[i]! - rate * (attrs.nesterov ? g + beta * v : v);
    }
  },
});
