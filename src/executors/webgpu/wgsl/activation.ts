import type { AttrValue } from "../../../tensor/attrs.js";
import { f32 } from "./literals.js";

/** The attributes that name an activation: `activation` and `slope`. */
export interface Activation {
  readonly activation: AttrValue | undefined;
  readonly slope: number;
}

/**
 * The function `activate` on values of the type `type`: as `activate` of ops/activation.ts.
 *
 * @param type `f32` or `vec4f`
 */
export function activateFunction({ activation, slope }: Activation, type = "f32"): string {
  const result =
    activation === "relu"
      ? `select(v, ${type}(0.0), v <= ${type}(0.0))`
      : activation === "leakyRelu"
        ? `select(${scaled(slope, "v", type)}, v, v > ${type}(0.0))`
        : "v";
  return `fn activate(v: ${type}) -> ${type} { return ${result}; }`;
}

/** The product with the slope; with a slope of 0 compilers would make 0 of it, also of NaN and infinities. */
function scaled(slope: number, value: string, type = "f32"): string {
  if (slope !== 0) return `${f32(slope)} * ${value}`;
  if (type === "f32") return `zeroTimes(${value})`;
  return `vec4f(${["x", "y", "z", "w"].map((lane) => `zeroTimes(${value}.${lane})`).join(", ")})`;
}

/** The function `activationGrad(dy, y)` on f32: as `activationGrad` of ops/activation.ts. */
export function activationGradFunction({ activation, slope }: Activation): string {
  const result =
    activation === "relu"
      ? "select(dy, 0.0, y <= 0.0)"
      : activation === "leakyRelu"
        ? `select(${scaled(slope, "dy")}, dy, y > 0.0)`
        : "dy";
  return `fn activationGrad(dy: f32, y: f32) -> f32 { return ${result}; }`;
}
