import type { TrainConfig } from "../config/config.js";
import { adam, adamw } from "./adam.js";
import type { Optimizer } from "./optimizer.js";
import { sgd } from "./sgd.js";

/** The optimiser that a configuration names. */
export function createOptimizer(config: TrainConfig): Optimizer {
  const { momentum, nesterov, weightDecay, eps } = config;
  const [beta1, beta2] = config.betas;
  switch (config.optimizer) {
    case "sgd":
      return sgd({ momentum, nesterov, weightDecay });
    case "adam":
      return adam({ beta1, beta2, eps, weightDecay });
    case "adamw":
      return adamw({ beta1, beta2, eps, weightDecay });
  }
}
