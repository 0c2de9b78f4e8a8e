import type { Executor } from "../../executors/executor.js";
import { fromTorchLayout, toTorchLayout } from "../../interop/torch-layout.js";
import type { StoredArray } from "../../interop/stored-array.js";
import type { ArraySource } from "../../interop/write-safetensors.js";
import { xavierUniform } from "../../nn/initializers.js";
import { namedState, type Module } from "../../nn/module.js";
import { ResnetError } from "../../tensor/error.js";
import type { HostArray } from "../../tensor/host-array.js";
import { printable } from "../../tensor/printable.js";
import { formatShape, sameShape } from "../../tensor/shape.js";
import type { TrainConfig } from "../config/config.js";

/** Arrays by parameter name, in PyTorch's shapes and order of elements: what a checkpoint holds. */
export type ModelState = ReadonlyMap<string, HostArray>;

/**
 * First values of every parameter and running statistic, for a run with this seed.
 *
 * @param initializer of the weights of convolutions and linear layers, if not the model's own
 */
export const initialState = (
  model: Module,
  seed: number,
  initializer: TrainConfig["initializer"] = "model",
): ModelState =>
  new Map(
    [...namedState(model)].map(([name, leaf]) => {
      const isOwn = initializer === "model" || leaf.shape.length < 2;
      return [name, leaf.initialize(seed, name, isOwn ? leaf.initializer : xavierUniform)];
    }),
  );

/**
 * Writes a model's state into an executor.
 *
 * @throws {ResnetError} `ERR_CHECKPOINT`, as `checkModelState`
 */
export async function writeModelState(
  executor: Executor,
  model: Module,
  state: ModelState,
): Promise<void> {
  checkModelState(model, state);
  for (const name of namedState(model).keys()) {
    await executor.write(name, fromTorchLayout(state.get(name)!));
  }
}

/**
 * Checks that arrays are those of a model, by name, shape and dtype.
 *
 * @throws {ResnetError} `ERR_CHECKPOINT` that lists every missing, unexpected and wrong-shaped entry at once, up to a dozen.
 *   PyTorch's `num_batches_tracked` counters are not used, and ignored.
 */
export function checkModelState(model: Module, found: Specs): void {
  const leaves = [...namedState(model)];
  const expected = new Map(
    leaves.map(([name, { torchShape: shape, dtype }]) => [name, { shape, dtype }]),
  );
  const used = [...found].filter(([name]) => !name.endsWith("num_batches_tracked"));
  const findings = differences(expected, new Map(used));
  if (findings) {
    throw new ResnetError("ERR_CHECKPOINT", `these weights are not of this model:\n${findings}`);
  }
}

type Specs = ReadonlyMap<string, Pick<StoredArray, "shape" | "dtype">>;

/** What is missing, unexpected, of another shape or dtype in a file for a model, a line each; null if nothing is. */
export function differences(expected: Specs, found: Specs): string | null {
  const findings: string[] = [];
  for (const [name, { shape, dtype }] of expected) {
    const other = found.get(name);
    if (!other) findings.push(`missing     ${name} ${formatShape(shape)}`);
    else if (!sameShape(other.shape, shape)) {
      findings.push(
        `wrong shape ${name} ${printable(formatShape(other.shape))}, the model has ${formatShape(shape)}`,
      );
    } else if (other.dtype !== dtype) {
      findings.push(`wrong dtype ${name} is ${other.dtype}, the model's is ${dtype}`);
    }
  }
  for (const name of found.keys()) {
    if (!expected.has(name)) findings.push(`unexpected  ${printable(name)}`);
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
export async function readModelState(
  executor: Executor,
  model: Module,
  stateName = itself,
): Promise<ModelState> {
  const state = new Map<string, HostArray>();
  for (const name of namedState(model).keys())
    state.set(name, toTorchLayout(await executor.read(stateName(name))));
  return state;
}

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
  read: async (name) => toTorchLayout(await executor.read(stateName(name))),
});
