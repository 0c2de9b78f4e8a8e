import type { Executor } from "../executors/executor.js";
import { fromTorchLayout, toTorchLayout } from "../interop/torch-layout.js";
import type { ArraySource } from "../interop/write-safetensors.js";
import { xavierUniform } from "../nn/initializers.js";
import { namedState, type Module } from "../nn/module.js";
import { ResnetError } from "../tensor/error.js";
import type { HostArray } from "../tensor/host-array.js";
import { formatShape, sameShape, type Shape } from "../tensor/shape.js";
import type { TrainConfig } from "./config.js";

/** Arrays by parameter name, in PyTorch's shapes and order of elements: what a checkpoint holds. */
export type ModelState = ReadonlyMap<string, HostArray>;

/**
 * First values of every parameter and running statistic, for a run with this seed.
 *
 * @param initialisation of the weights of convolutions and linear layers, if not the model's own
 */
export const initialState = (
  model: Module,
  seed: number,
  initialisation: TrainConfig["initialisation"] = "model",
): ModelState =>
  new Map(
    [...namedState(model)].map(([name, leaf]) => {
      const isOwn = initialisation === "model" || leaf.shape.length < 2;
      return [name, leaf.initialise(seed, name, isOwn ? leaf.initializer : xavierUniform)];
    }),
  );

/**
 * Writes a model's state into an executor.
 *
 * @throws {ResnetError} `ERR_CHECKPOINT`, as `checkModelState`
 */
export function writeModelState(executor: Executor, model: Module, state: ModelState): void {
  checkModelState(model, state);
  for (const name of namedState(model).keys()) {
    executor.write(name, fromTorchLayout(state.get(name)!));
  }
}

/**
 * Checks that arrays are those of a model, by name and shape.
 *
 * @throws {ResnetError} `ERR_CHECKPOINT` that lists every missing, unexpected and wrong-shaped entry at once.
 *   PyTorch's `num_batches_tracked` counters are not used, and ignored.
 */
export function checkModelState(model: Module, found: Shapes): void {
  const leaves = [...namedState(model)];
  const expected = new Map(leaves.map(([name, { torchShape: shape }]) => [name, { shape }]));
  const used = [...found].filter(([name]) => !name.endsWith("num_batches_tracked"));
  const findings = differences(expected, new Map(used));
  if (findings) {
    throw new ResnetError("ERR_CHECKPOINT", `these weights are not of this model:\n${findings}`);
  }
}

type Shapes = ReadonlyMap<string, { readonly shape: Shape }>;

/** What is missing, unexpected or of another shape in a file for a model, a line each; null if nothing is. */
export function differences(expected: Shapes, found: Shapes): string | null {
  const findings: string[] = [];
  for (const [name, { shape }] of expected) {
    const other = found.get(name);
    if (!other) findings.push(`missing     ${name} ${formatShape(shape)}`);
    else if (!sameShape(other.shape, shape)) {
      findings.push(
        `wrong shape ${name} ${formatShape(other.shape)}, the model has ${formatShape(shape)}`,
      );
    }
  }
  for (const name of found.keys()) {
    if (!expected.has(name)) findings.push(`unexpected  ${name}`);
  }
  if (findings.length === 0) return null;
  const most = 12;
  const rest = findings.length > most ? [`… and ${findings.length - most} more`] : [];
  return [...findings.slice(0, most), ...rest].map((line) => `  ${line}`).join("\n");
}

/** The executor's name for a parameter or statistic of a model. */
export type StateName = (name: string) => string;

const itself: StateName = (name) => name;

/** A copy of a model's state out of an executor. */
export const readModelState = (executor: Executor, model: Module, stateName = itself): ModelState =>
  new Map(
    [...namedState(model).keys()].map((name) => [
      name,
      toTorchLayout(executor.read(stateName(name))),
    ]),
  );

/** A model's state in an executor, read array by array. */
export const modelSource = (
  executor: Executor,
  model: Module,
  stateName = itself,
): ArraySource => ({
  specs: new Map(
    [...namedState(model)].map(([name, { torchShape, dtype }]) => [
      name,
      { shape: torchShape, dtype },
    ]),
  ),
  read: (name) => toTorchLayout(executor.read(stateName(name))),
});
