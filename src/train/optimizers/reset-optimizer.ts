import type { Executor } from "../../executors/executor.js";
import { hostArray } from "../../tensor/host-array.js";
import { isRemembered } from "../state-names.js";

/**
 * Forgets what an earlier training on this executor left: velocities, moments and means start at zero, also where that
 * training ended in numbers that are none.
 */
export async function resetOptimizer(executor: Executor): Promise<void> {
  for (const [name, { shape, dtype }] of executor.states()) {
    if (isRemembered(name)) await executor.write(name, hostArray(shape, undefined, dtype));
  }
}
