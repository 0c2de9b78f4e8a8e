import { defineOp } from "../graph/define-op.js";
import { sizeOf } from "../tensor/shape.js";

export type AdamAttrs = {
  readonly beta1: number;
  readonly beta2: number;
  /** Added to the root of the second moment. */
  readonly eps: number;
  readonly weightDecay: number;
  /** Whether the decay shrinks the parameter itself (AdamW) or adds to the gradient (Adam). */
  readonly decoupled: boolean;
};

/**
 * One step of Adam or AdamW on one parameter, as in PyTorch, with t the number of this step, from 1:
 *
 *     g  = gradient + weightDecay · parameter        (AdamW: parameter *= 1 − learningRate · weightDecay)
 *     m' = beta1 · m + (1 − beta1) · g
 *     v' = beta2 · v + (1 − beta2) · g²
 *     parameter' = parameter − learningRate · m' / (1 − beta1ᵗ) / (√v' / √(1 − beta2ᵗ) + eps)
 *
 * All but the registers learningRate [] and step [] have the parameter's shape.
 * Source: Kingma and Ba 2014, arXiv:1412.6980; Loshchilov and Hutter 2017, arXiv:1711.05101.
 */
export const adamOp = defineOp<
  "parameter" | "gradient" | "learningRate" | "step" | "firstMoment" | "secondMoment",
  "newParameter" | "newFirstMoment" | "newSecondMoment",
  AdamAttrs
>({
  name: "adam",
  inputs: ["parameter", "gradient", "learningRate", "step", "firstMoment", "secondMoment"],
  outputs: ["newParameter", "newFirstMoment", "newSecondMoment"],
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
    const rate = inputs.learningRate.data[0]!;
    const step = inputs.step.data[0]!;
    const { beta1, beta2, eps, weightDecay, decoupled } = attrs;
    const correction1 = 1 - beta1 ** step;
    const correction2 = Math.sqrt(1 - beta2 ** step);
    for (let i = 0; i < parameter.data.length; i++) {
      const old = decoupled ? parameter.data[i]! * (1 - rate * weightDecay) : parameter.data[i]!;
      const g = gradient.data[i]! + (decoupled ? 0 : weightDecay * parameter.data[i]!);
      const m = beta1 * firstMoment.data[i]! + (1 - beta1) * g;
      const v = beta2 * secondMoment.data[i]! + (1 - beta2) * g * g;
      newFirstMoment.data[i] = m;
      newSecondMoment.data[i] = v;
      newParameter.data[i] = old - (rate * m) / correction1 / (Math.sqrt(v) / correction2 + eps);
    }
  },
});
