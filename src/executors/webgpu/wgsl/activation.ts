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
        ? `select(${f32(slope)} * v, v, v > ${type}(0.0))`
        : "v";
  return `fn activate(v: ${type}) -> ${type} { return ${result}; }`;
}

/** The function `activationGrad(dy, y)` on f32: as `activationGrad` of ops/activation.ts. */
export function activationGradFunction({ activation, slope }: Activation): string {
  const result =
    activation === "relu"
      ? "select(dy, 0.0, y <= 0.0)"
      : activation === "leakyRelu"
        ? `select(${f32(slope)} * dy, dy, y > 0.0)`
        : "dy";
  return `fn activationGrad(dy: f32, y: f32) -> f32 { return ${result}; }`;
}
