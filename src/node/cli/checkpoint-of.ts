import { Checkpoint } from "../../checkpoint/checkpoint.js";
import { checkpointMetadata } from "../../checkpoint/description.js";
import { bytesSource } from "../../interop/byte-source.js";
import type { StoredArray } from "../../interop/stored-array.js";
import { writeSafetensors } from "../../interop/write-safetensors.js";
import { UsageError } from "../../tensor/error.js";
import { importPretrained } from "../pretrained/pretrained.js";
import { openCheckpoint } from "../runs/checkpoint-file.js";
import { findCheckpoint } from "../runs/find-checkpoint.js";
import { pretrainedPrefix } from "../runs/first-weights.js";
import type { Output } from "./output.js";
import { fetchShown, type PretrainedFlags } from "./pretrained.js";

/**
 * The weights that a command is given, and its other words. `--pretrained NAME` takes the place of the checkpoint, so that
 * the first word is another one then.
 *
 * @param words those that are no options, in order; undefined where one was left out
 * @param names what they are, the checkpoint first; the last may be repeated if it ends with "..."
 * @throws {ResnetError} `ERR_CONFIG` if there are too few words, or too many
 */
export function placeAndWords(
  words: readonly (string | undefined)[],
  { pretrained }: PretrainedFlags,
  names: readonly string[],
): { readonly place: string; readonly words: readonly string[] } {
  const given = words.filter((word) => word !== undefined);
  const all = pretrained === undefined ? given : [pretrainedPrefix + pretrained, ...given];
  const [place, ...rest] = all;
  const missing = names[all.length];
  if (place === undefined)
    throw new UsageError(
      "ERR_CONFIG",
      "missing required argument 'checkpoint': name one, or published weights with --pretrained",
    );
  if (missing !== undefined)
    throw new UsageError("ERR_CONFIG", `missing required argument '${missing.replace("...", "")}'`);
  if (all.length > names.length && !names.at(-1)!.endsWith("...")) {
    throw new UsageError(
      "ERR_CONFIG",
      `${given[0]} and --pretrained ${pretrained} are two sources of weights: leave out one of them`,
    );
  }
  return { place, words: rest };
}

/**
 * Opens the checkpoint that a command is given; of a run's directory, says which of its files is taken.
 *
 * @param place a path, or `pretrained:NAME`
 */
export async function openPlace(
  place: string,
  flags: PretrainedFlags,
  output: Output,
): Promise<Checkpoint> {
  if (place.startsWith(pretrainedPrefix))
    return openPretrained(place.slice(pretrainedPrefix.length), flags, output);
  const file = await findCheckpoint(place);
  if (file !== place) output.notice(`${place}: taking ${file}`);
  return openCheckpoint(file);
}

/** Published weights as a checkpoint in memory, with the preparation of pictures that belongs to them. */
async function openPretrained(
  name: string,
  flags: PretrainedFlags,
  output: Output,
): Promise<Checkpoint> {
  const found = await fetchShown(name, flags, output);
  const onNotice = (notice: string): void => output.notice(notice);
  const { description, state, counters } = await importPretrained(found, { onNotice });
  const tensors = new Map<string, StoredArray>([...state, ...counters]);
  const bytes = await writeSafetensors(tensors, checkpointMetadata(description));
  return Checkpoint.open(bytesSource(bytes, found.weights.name));
}
