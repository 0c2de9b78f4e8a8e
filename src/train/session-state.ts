import type { Executor } from "../executors/executor.js";
import { readSafetensors } from "../interop/read-safetensors.js";
import { isHostArray } from "../interop/stored-array.js";
import { fromTorchLayout, toTorchLayout } from "../interop/torch-layout.js";
import { writeSafetensors } from "../interop/write-safetensors.js";
import { namedState, type AnyModule } from "../nn/module.js";
import { ResnetError } from "../tensor/error.js";
import { hostArray, type HostArray } from "../tensor/host-array.js";
import { isRemembered } from "./state-names.js";
import { checkModelState, type StateName } from "../checkpoint/model-state.js";

const metadataKey = "resnet-ts-session";

/**
 * All that a session needs to go on bit for bit, as a safetensors file: the weights under PyTorch's names and in PyTorch's
 * layout, and beside them the optimizer's state, averages and the number of steps.
 */
export async function writeSessionState(
  executor: Executor,
  model: AnyModule,
  steps: number,
): Promise<Uint8Array> {
  const arrays = new Map<string, HostArray>();
  const remembered = [...executor.states().keys()].filter(isRemembered);
  for (const name of [...namedState(model).keys(), ...remembered])
    arrays.set(name, toTorchLayout(await executor.read(name)));
  return writeSafetensors(arrays, { [metadataKey]: JSON.stringify({ steps }) });
}

/**
 * Writes into an executor what `writeSessionState` read from one.
 *
 * @returns the number of steps that were made
 * @throws {ResnetError} `ERR_CHECKPOINT` if a session did not write the file, or its model was another one, before anything
 *   is written
 */
export async function restoreSessionState(
  executor: Executor,
  model: AnyModule,
  file: Uint8Array,
  weightName: StateName,
): Promise<number> {
  const { tensors, metadata } = readSafetensors(file, "the saved session");
  const steps = stepsOf(metadata.get(metadataKey));
  const arrays = [...tensors].filter((entry): entry is [string, HostArray] =>
    isHostArray(entry[1]),
  );
  checkModelState(model, new Map(arrays.filter(([name]) => !isRemembered(name))));
  await resetTrainingState(executor);
  for (const [name, array] of arrays) await executor.write(name, fromTorchLayout(array));
  // Averages that the saved session did not keep start at the weights.
  for (const name of namedState(model).keys()) {
    const average = weightName(name);
    if (!tensors.has(average)) await executor.write(average, await executor.read(name));
  }
  return steps;
}

/** Zeroes what a previous training left in the executor: optimizer state, gradient sums and averages, also if they are NaN. */
export async function resetTrainingState(executor: Executor): Promise<void> {
  for (const [name, { shape, dtype }] of executor.states()) {
    if (isRemembered(name)) await executor.write(name, hostArray(shape, undefined, dtype));
  }
}

function stepsOf(text = "{}"): number {
  const { steps } = JSON.parse(text) as { readonly steps?: unknown };
  if (Number.isSafeInteger(steps)) return steps as number;
  throw new ResnetError(
    "ERR_CHECKPOINT",
    "the file does not say how many steps were made: it holds weights, but no session was saved to it; pass it as weights",
  );
}
