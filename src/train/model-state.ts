import type { Executor } from "../executors/executor.js";
import { fromTorchLayout, toTorchLayout } from "../interop/torch-layout.js";
import { namedState, type Module } from "../nn/module.js";
import { ResnetError } from "../tensor/error.js";
import type { HostArray } from "../tensor/host-array.js";
import { formatShape, sameShape } from "../tensor/shape.js";

/** Arrays by parameter name, in PyTorch's shapes and order of elements: what a checkpoint holds. */
export type ModelState = ReadonlyMap<string, HostArray>;

/** First values of every parameter and running statistic, for a run with this seed. */
export const initialState = (model: Module, seed: number): ModelState =>
  new Map([...namedState(model)].map(([name, leaf]) => [name, leaf.initialise(seed, name)]));

/**
 * Writes a model's state into an executor.
 *
 * @throws {ResnetError} `ERR_CHECKPOINT` that lists every missing, unexpected and wrong-shaped entry at once.
 *   PyTorch's `num_batches_tracked` counters are not used, and ignored.
 */
export function writeModelState(executor: Executor, model: Module, state: ModelState): void {
  const leaves = namedState(model);
  const findings: string[] = [];
  for (const [name, leaf] of leaves) {
    const array = state.get(name);
    if (!array) findings.push(`missing     ${name} ${formatShape(leaf.torchShape)}`);
    else if (!sameShape(array.shape, leaf.torchShape)) {
      findings.push(
        `wrong shape ${name} ${formatShape(array.shape)}, the model has ${formatShape(leaf.torchShape)}`,
      );
    }
  }
  for (const name of state.keys()) {
    if (!leaves.has(name) && !name.endsWith("num_batches_tracked"))
      findings.push(`unexpected  ${name}`);
  }
  if (findings.length > 0) {
    const most = 12;
    const rest = findings.length > most ? [`… and ${findings.length - most} more`] : [];
    throw new ResnetError(
      "ERR_CHECKPOINT",
      `these weights are not of this model:\n  ${[...findings.slice(0, most), ...rest].join("\n  ")}`,
    );
  }
  for (const name of leaves.keys()) executor.write(name, fromTorchLayout(state.get(name)!));
}

/** A copy of a model's state out of an executor. */
export const readModelState = (executor: Executor, model: Module): ModelState =>
  new Map([...namedState(model).keys()].map((name) => [name, toTorchLayout(executor.read(name))]));
