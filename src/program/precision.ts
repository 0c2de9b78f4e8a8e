/**
 * Arithmetic of a program. With `bf16`, activations and their gradients are stored as bfloat16, up to the classifier;
 * products are of bfloat16, and every sum, statistic, gradient of a parameter and update is float32.
 */
export type Precision = "fp32" | "bf16";

/** The dtype of stored activations. */
export const dtypeOf = (precision: Precision): "f32" | "bf16" =>
  precision === "bf16" ? "bf16" : "f32";
