import { fitWeights } from "../../interop/fit-weights.js";
import { readWeights } from "../interop/read-weights.js";
import { fetchPretrained, type FetchOptions } from "../pretrained/pretrained.js";
import type { StoredArray, Weights } from "../../interop/stored-array.js";
import { namedState, type Module } from "../../nn/module.js";
import { findCheckpoint } from "./find-checkpoint.js";
import { areSameClasses } from "../../data/match-classes.js";
import {
  areClassesNamed,
  isDescribed,
  parseDescription,
  type CheckpointDescription,
} from "../../checkpoint/description.js";
import type { HostArray } from "../../tensor/host-array.js";
import { printableList } from "../../tensor/printable.js";
import { visitArrays } from "../../checkpoint/checksum.js";
import { OpenSafetensors } from "../../interop/open-safetensors.js";
import { nodeSha256, openCheckpointFile } from "./checkpoint-file.js";
import type { TrainConfig } from "../../train/config/config.js";
import { initialState, type ModelState } from "../../checkpoint/model-state.js";
import { headOf } from "../../train/parameter-groups.js";
import { likeliestModel } from "../../checkpoint/likeliest-model.js";

/** The weights that a training starts from. */
export interface FirstWeights {
  readonly state: ModelState;
  /** Parameters of the head that start anew: the file's has another shape, is missing, or is of other classes. */
  readonly replaced: readonly string[];
  /** A sentence for each choice that was made: what was adapted, skipped, or starts anew for its classes. */
  readonly notices: readonly string[];
}

/**
 * The first weights of a configuration: those in the file that `init` names, or random ones drawn with its seed.
 *
 * @param classes names of the classes to train, as `readFirstWeights`
 * @param options where pretrained weights come from
 */
export const firstWeights = async (
  model: Module,
  { init, seed, initializer }: Pick<TrainConfig, "init" | "seed" | "initializer">,
  classes?: readonly string[],
  options?: FetchOptions,
): Promise<FirstWeights> =>
  init === null
    ? { state: initialState(model, seed, initializer), replaced: [], notices: [] }
    : readFirstWeights(init, model, seed, classes, options);

/** Before the name of published weights, where a path could stand. */
export const pretrainedPrefix = "pretrained:";

/**
 * Weights to start a training from: a checkpoint, or a file of PyTorch's or of safetensors, under any names that
 * `resnet import` knows; or published weights by their name. The head, the model's last linear layer, starts anew where the file's has another shape, or is a
 * checkpoint's of as many classes with other names: its outputs mean something else.
 *
 * @param place a file, a run's directory, or `pretrained:NAME` with a name that `fetchPretrained` takes
 * @param seed of a head that starts anew
 * @param classes names of the classes to train. Default: they are not compared
 * @throws {InteropError} `ERR_WEIGHTS_MATCH` that lists all else that does not fit the model
 */
export async function readFirstWeights(
  place: string,
  model: Module,
  seed: number,
  classes?: readonly string[],
  options: FetchOptions = {},
): Promise<FirstWeights> {
  const notices: string[] = [];
  const onNotice = (notice: string): unknown => notices.push(notice);
  const { file, weights, description } = place.startsWith(pretrainedPrefix)
    ? await readPublished(place.slice(pretrainedPrefix.length), options, onNotice)
    : await readPlace(place, onNotice);
  const shapes = new Map([...namedState(model)].map(([name, leaf]) => [name, leaf.torchShape]));
  const head = headOf(model);
  const ofHead = [...shapes.keys()].filter((name) => head && name.startsWith(`${head}.`));
  const fitted = fitWeights(weights, shapes, {
    replaceable: new Set(ofHead),
    file,
    likeliest: () => likeliestModel(weights),
  });
  notices.push(...fitted.notices);
  const replaced = new Set(fitted.replaced);
  const known = description?.classes ?? [];
  if (description && classes?.length === known.length && !areSameClasses(known, classes)) {
    if (areClassesNamed(description)) {
      for (const name of ofHead) replaced.add(name);
      notices.push(
        `${file} tells apart ${printableList(known)}, and the images are of ${printableList(classes)}: its head is not taken`,
      );
    } else {
      notices.push(
        `${file} numbers its classes and does not name them: its head is taken for ${printableList(classes)}, in this order`,
      );
    }
  }
  const random = initialState(model, seed);
  const state = new Map<string, HostArray>(fitted.state);
  for (const name of replaced) state.set(name, random.get(name)!);
  return { state, replaced: [...replaced], notices };
}

/** Weights, the file's name, and the classes that their head is for, where they are known. */
interface ReadPlace {
  readonly file: string;
  readonly weights: Weights;
  readonly description?: Pick<CheckpointDescription, "classes" | "data">;
}

type OnNotice = (notice: string) => unknown;

async function readPlace(place: string, onNotice: OnNotice): Promise<ReadPlace> {
  const file = await findCheckpoint(place);
  if (file.endsWith(".safetensors")) return { file, ...(await readVerified(file)) };
  return { file, weights: await readWeights(file, { onNotice }) };
}

async function readPublished(
  name: string,
  options: FetchOptions,
  onNotice: OnNotice,
): Promise<ReadPlace> {
  const { file, classNames } = await fetchPretrained(name, { onNotice, ...options });
  const weights = await readWeights(file, { onNotice });
  if (!classNames) return { file, weights };
  return { file, weights, description: { classes: [...classNames] } };
}

/** The weights, whose checksum is checked where there is one, and what a checkpoint says of its model. */
async function readVerified(file: string): Promise<Pick<ReadPlace, "weights" | "description">> {
  const opened = await OpenSafetensors.open(await openCheckpointFile(file));
  try {
    const weights = new Map<string, StoredArray>();
    await visitArrays(opened, (name, array) => weights.set(name, array), nodeSha256);
    return isDescribed(opened.metadata)
      ? { weights, description: parseDescription(file, opened.metadata) }
      : { weights };
  } finally {
    await opened.close();
  }
}
