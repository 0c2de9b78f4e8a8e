import type { TrainConfig } from "../config.js";
import { adam, adamw } from "./adam.js";
import type { Optimizer } from "./optimizer.js";
import { sgd } from "./sgd.js";

/** The optimiser that a configuration names. */
export function createOptimizer({ optimizer, momentum, weightDecay }: TrainConfig): Optimizer {
  switch (optimizer) {
    case "sgd":
      return sgd({ momentum, weightDecay });
    case "adam":
      return adam({ weightDecay });
    case "adamw":
      return adamw({ weightDecay });
  }
}
