import type { Executor } from "../executors/executor.js";
import { fromTorchLayout, toTorchLayout } from "../interop/torch-layout.js";
import type { ArraySource } from "../interop/write-safetensors.js";
import { xavierUniform } from "../nn/initializers.js";
import { namedState, type AnyModule } from "../nn/module.js";
import { checkState, type ModelState, type StateSpecs } from "../nn/state-dict.js";
import type { HostArray } from "../tensor/host-array.js";

export type { ModelState };

/**
 * First values of every parameter and running statistic, for a run with this seed; those that the model holds
 * (`loadStateDict`) where there are some.
 *
 * @param initializer of the weights of convolutions and linear layers, if not the model's own
 */
export const initialState = (
  model: AnyModule,
  seed: number,
  initializer: "model" | "xavier-uniform" = "model",
): ModelState =>
  new Map(
    [...namedState(model)].map(([name, leaf]) => {
      const isOwn = initializer === "model" || leaf.shape.length < 2;
      const drawn = (): HostArray =>
        leaf.initialize(seed, name, isOwn ? leaf.initializer : xavierUniform());
      return [name, leaf.value ?? drawn()];
    }),
  );

/**
 * Writes a model's state into an executor.
 *
 * @throws {ResnetError} `ERR_CHECKPOINT`, as `checkModelState`
 */
export async function writeModelState(
  executor: Executor,
  model: AnyModule,
  state: ModelState,
): Promise<void> {
  checkModelState(model, state);
  for (const name of namedState(model).keys()) {
    await executor.write(name, fromTorchLayout(state.get(name)!));
  }
}

/** Checks that arrays are those of a model, by name, shape and dtype. @throws {ResnetError} `ERR_CHECKPOINT`, as `checkState` */
export const checkModelState = (model: AnyModule, found: StateSpecs): void =>
  checkState(namedState(model), found);

/** The executor's name for a parameter or statistic of a model. */
export type StateName = (name: string) => string;

const itself: StateName = (name) => name;

/** A copy of a model's state out of an executor. */
export async function readModelState(
  executor: Executor,
  model: AnyModule,
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
  model: AnyModule,
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
