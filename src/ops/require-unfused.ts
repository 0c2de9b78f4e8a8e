import { ResnetError } from "../tensor/error.js";
import type { ActivationAttrs } from "./activation.js";

/**
 * Refuses to differentiate an op into which the planner has fused others: gradients are traced before graphs are fused.
 *
 * @param operands the ones that only fusion adds
 * @throws {ResnetError} `ERR_GRADIENT`
 */
export function requireUnfused(
  op: string,
  activation: ActivationAttrs["activation"],
  operands: Readonly<Record<string, unknown>>,
): void {
  const added = Object.keys(operands).filter((name) => operands[name] !== undefined);
  if (activation !== "none") added.push(activation);
  if (added.length === 0) return;
  throw new ResnetError(
    "ERR_GRADIENT",
    `${op} with ${added.join(" and ")} fused into it has no gradient: trace gradients before graphs are fused`,
  );
}
