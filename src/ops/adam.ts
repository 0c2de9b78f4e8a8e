import { flag, number } from "../graph/attributes.js";
import { defineOp } from "../graph/define-op.js";
import { sizeOf } from "../tensor/shape.js";

const adamAttrs = {
  beta1: number(),
  beta2: number(),
  /** Added to the root of the second moment. */
  eps: number(),
  weightDecay: number(),
  /** Whether the decay shrinks the parameter itself (AdamW) or adds to the gradient (Adam). */
  decoupled: flag,
  /** The factor of the learning rate for the parameter's group. */
  lrScale: number(),
};

/**
 * One step of Adam or AdamW on one parameter, as in PyTorch, with t the number of this step, from 1:
 *
 *     g  = gradientScale · gradient + weightDecay · parameter   (AdamW: parameter *= 1 − rate · weightDecay)
 *     m' = beta1 · m + (1 − beta1) · g
 *     v' = beta2 · v + (1 − beta2) · g²
 *     parameter' = parameter − rate · m' / (1 − beta1ᵗ) / (√v' / √(1 − beta2ᵗ) + eps)
 *
 * with rate = lrScale · learningRate; gradientScale [] may be absent: 1. All but it and the registers learningRate []
 * and step [] have the parameter's shape.
 * Source: Kingma and Ba 2014, arXiv:1412.6980; Loshchilov and Hutter 2017, arXiv:1711.05101.
 */
export const adamOp = defineOp({
  name: "adam",
  role: "update",
  meaning:
    "PyTorch's `Adam`, or `AdamW` where `decoupled`, of `gradientScale · gradient` at `lrScale · learningRate`; `step` counts from 1",
  inputs: {
    parameter: "f32 [...]",
    gradient: "f32 [...]",
    learningRate: "f32 []",
    step: "f32 []",
    firstMoment: "f32 [...]",
    secondMoment: "f32 [...]",
    "gradientScale?": "f32 []",
  },
  outputs: {
    newParameter: "f32 [...]",
    newFirstMoment: "f32 [...]",
    newSecondMoment: "f32 [...]",
  },
  attrs: adamAttrs,
  inPlace: {
    newParameter: ["parameter"],
    newFirstMoment: ["firstMoment"],
    newSecondMoment: ["secondMoment"],
  },
  gradient: null,
  shape: ({ parameter }) => ({
    newParameter: parameter,
    newFirstMoment: parameter,
    newSecondMoment: parameter,
  }),
  flops: ({ parameter }) => 14 * sizeOf(parameter.shape),
  reference(inputs, { newParameter, newFirstMoment, newSecondMoment }, attrs) {
    const { parameter, gradient, firstMoment, secondMoment } = inputs;
    const rate = attrs.lrScale * inputs.learningRate.data[0]!;
    const scale = inputs.gradientScale?.data[0] ?? 1;
    const step = inputs.step.data[0]!;
    const { beta1, beta2, eps, weightDecay, decoupled } = attrs;
    const correction1 = 1 - beta1 ** step;
    const correction2 = Math.sqrt(1 - beta2 ** step);
    for (let i = 0; i < parameter.data.length; i++) {
      const old = decoupled ? parameter.data[i]! * (1 - rate * weightDecay) : parameter.data[i]!;
      const g = scale * gradient.data[i]! + (decoupled ? 0 : weightDecay * parameter.data[i]!);
      const m = firstMoment.data[i]! + (1 - beta1) * (g - firstMoment.data[i]!);
      const v = beta2 * secondMoment.data[i]! + (1 - beta2) * g * g;
      newFirstMoment.data[i] = m;
      newSecondMoment.data[i] = v;
      newParameter.data[i] = old - (rate * m) / correction1 / (Math.sqrt(v) / correction2 + eps);
    }
  },
});
