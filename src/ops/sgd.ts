import { flag, number } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import { sizeOf } from "../tensor/shape.js";

const sgdAttrs = {
  /** Whether the step looks ahead along the velocity. */
  nesterov: flag,
  /** The factor of the parameter that is added to the gradient; dimensionless. */
  weightDecay: number(),
  /** The factor of the learning rate for the parameter's group. */
  lrScale: number(),
};

/**
 * One step of gradient descent on one parameter, as PyTorch's `SGD` with dampening 0:
 *
 *     g  = gradientScale · gradient + weightDecay · parameter    gradientScale may be absent: 1
 *     v' = momentum · v + g                                  velocity and momentum may be absent: v' = g
 *     parameter' = parameter − lrScale · learningRate · (nesterov ? g + momentum · v' : v')
 *
 * All but the registers learningRate [] and momentum [], and gradientScale [], have the parameter's shape.
 */
export const sgdOp = defineOp({
  name: "sgd",
  role: "update",
  meaning:
    "PyTorch's `SGD`, dampening 0, of `gradientScale · gradient` at `lrScale · learningRate`",
  inputs: {
    parameter: "f32 [...]",
    gradient: "f32 [...]",
    learningRate: "f32 []",
    "velocity?": "f32 [...]",
    "momentum?": "f32 []",
    "gradientScale?": "f32 []",
  },
  outputs: {
    newParameter: "f32 [...]",
    "newVelocity?": "f32 [...]",
  },
  attrs: sgdAttrs,
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
    const rate = attrs.lrScale * learningRate.data[0]!;
    for (let i = 0; i < parameter.data.length; i++) {
      const g = scale * gradient.data[i]! + attrs.weightDecay * parameter.data[i]!;
      const v = beta * (velocity?.data[i] ?? 0) + g;
      if (newVelocity) newVelocity.data[i] = v;
      newParameter.data[i] = parameter.data[i]! - rate * (attrs.nesterov ? g + beta * v : v);
    }
  },
});
