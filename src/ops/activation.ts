import { choice, number, type AttrsOf } from "../graph/attributes.js";

/** The activation at the end of a fused op. */
export const activationAttrs = {
  activation: choice("none", "relu", "leakyRelu"),
  /** Slope of `leakyRelu` below 0; 0 for the others. */
  slope: number(),
};
export type ActivationAttrs = AttrsOf<typeof activationAttrs>;

export const noActivation: ActivationAttrs = { activation: "none", slope: 0 };

export function activate(value: number, { activation, slope }: ActivationAttrs): number {
  if (activation === "none" || value > 0 || Number.isNaN(value)) return value;
  return slope === 0 ? 0 : slope * value; // 0 · −∞ would be NaN
}

/** Derivative of the activation where its result is `y`. At 0 it is `slope`, as in PyTorch. */
export const activationGrad = (y: number, { activation, slope }: ActivationAttrs): number =>
  activation === "none" || y > 0 ? 1 : slope;
