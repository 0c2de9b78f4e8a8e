import type { Module } from "../../nn/module.js";
import type { TrainConfig } from "../config/config.js";
import type { StateName } from "./model-state.js";
import { parameterGroups } from "../steps/parameter-groups.js";
import { averageState } from "../state-names.js";

/**
 * Where a training keeps what it makes: the model's parameters and statistics under their own names, or their averages,
 * which what is frozen has none of.
 */
export function trainedWeights(
  model: Module,
  config: Pick<TrainConfig, "emaDecay" | "freeze" | "rateFactors">,
): StateName {
  if (config.emaDecay === null) return (name) => name;
  const { isFrozen } = parameterGroups(model, config);
  return (name) => (isFrozen(name) ? name : averageState(name));
}
