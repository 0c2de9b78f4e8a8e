import { fitWeights } from "../../interop/fit-weights.js";
import { readWeights } from "../interop/read-weights.js";
import type { StoredArray, Weights } from "../../interop/stored-array.js";
import { namedState, type Module } from "../../nn/module.js";
import { findCheckpoint } from "./find-checkpoint.js";
import { visitArrays } from "../../checkpoint/checksum.js";
import { OpenSafetensors } from "../../interop/open-safetensors.js";
import { nodeSha256, openCheckpointFile } from "./checkpoint-file.js";
import type { TrainConfig } from "../../train/config/config.js";
import { initialState, type ModelState } from "../../checkpoint/model-state.js";
import { headOf } from "../../train/parameter-groups.js";
import { likeliestModel } from "../../checkpoint/likeliest-model.js";

/** What a training starts from. */
export interface FirstWeights {
  readonly state: ModelState;
  /** Parameters of the head that start anew, since the file's tells another number of classes apart, or has none. */
  readonly replaced: readonly string[];
  /** A sentence for each kind of objects in the file that were skipped. */
  readonly notices: readonly string[];
}

/** What a configuration starts from: the weights in the file that `init` names, or random ones of its seed. */
export const firstWeights = async (
  model: Module,
  { init, seed, initializer }: Pick<TrainConfig, "init" | "seed" | "initializer">,
): Promise<FirstWeights> =>
  init === null
    ? { state: initialState(model, seed, initializer), replaced: [], notices: [] }
    : readFirstWeights(init, model, seed);

/**
 * Weights to start a training from: a checkpoint, or a file of PyTorch's or of safetensors, under any names that
 * `resnet import` knows. The head, the model's last linear layer, starts anew where the file's has another shape.
 *
 * @param place a file, or a run's directory
 * @param seed of a head that starts anew
 * @throws {InteropError} `ERR_WEIGHTS_MATCH` that lists all else that does not fit the model
 */
export async function readFirstWeights(
  place: string,
  model: Module,
  seed: number,
): Promise<FirstWeights> {
  const file = await findCheckpoint(place);
  const notices: string[] = [];
  const weights = await (file.endsWith(".safetensors")
    ? readVerified(file)
    : readWeights(file, { onNotice: (notice) => notices.push(notice) }));
  const shapes = new Map([...namedState(model)].map(([name, leaf]) => [name, leaf.torchShape]));
  const head = headOf(model);
  const ofHead = [...shapes.keys()].filter((name) => head && name.startsWith(`${head}.`));
  const fitted = fitWeights(weights, shapes, {
    replaceable: new Set(ofHead),
    file,
    likeliest: () => likeliestModel(weights),
  });
  const { state, replaced } = fitted;
  const random = initialState(model, seed);
  const anew = replaced.map((name) => [name, random.get(name)!] as const);
  return {
    state: new Map([...state, ...anew]),
    replaced,
    notices: [...notices, ...fitted.notices],
  };
}

/** Checks the checksum of a file that has one. */
async function readVerified(file: string): Promise<Weights> {
  const opened = await OpenSafetensors.open(await openCheckpointFile(file));
  try {
    const weights = new Map<string, StoredArray>();
    await visitArrays(opened, (name, array) => weights.set(name, array), nodeSha256);
    return weights;
  } finally {
    await opened.close();
  }
}
