import type { Executor } from "../../executors/executor.js";
import { hostArray } from "../../tensor/host-array.js";
import { isOptimizerState } from "./optimizer.js";

/** Forgets what an earlier training on this executor left: velocities and moments start at zero. */
export function resetOptimizer(executor: Executor): void {
  for (const [name, { shape, dtype }] of executor.states()) {
    if (isOptimizerState(name)) executor.write(name, hostArray(shape, undefined, dtype));
  }
}
