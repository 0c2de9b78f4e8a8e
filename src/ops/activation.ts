import { choice, number, type AttrsOf } from "../graph/attributes.js";

/** The activation at the end of a fused op. */
export const activationAttrs = {
  activation: choice("none", "relu", "leakyRelu"),
  /** Slope of `leakyRelu` below 0; 0 for the others. */
  slope: number(),
};
export type ActivationAttrs = AttrsOf<typeof activationAttrs>;

export const noActivation: ActivationAttrs = { activation: "none", slope: 0 };

/** The activation of a value. NaN stays NaN, and a slope of 0 makes −∞ NaN, as in PyTorch. */
export function activate(value: number, { activation, slope }: ActivationAttrs): number {
  if (activation === "none" || value > 0) return value;
  if (activation === "leakyRelu") return slope * value;
  return value <= 0 ? 0 : value;
}

/**
 * `dy` times the derivative of the activation, by the sign of its result `y`. At 0 the derivative is that of the negative side.
 * Where y is NaN, relu hands dy on and leakyRelu takes the negative side. All as in PyTorch.
 */
export function activationGrad(
  dy: number,
  y: number,
  { activation, slope }: ActivationAttrs,
): number {
  if (activation === "none" || y > 0) return dy;
  if (activation === "leakyRelu") return slope * dy;
  return y <= 0 ? 0 : dy;
}
