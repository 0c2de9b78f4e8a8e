import type { Preparation } from "../../../pretrained/preparation.js";
import { ResnetError, UsageError } from "../../../tensor/error.js";
import { pretrainedPrefix } from "../../runs/first-weights.js";
import type { Output } from "../output.js";
import { fetchShown, type PretrainedFlags } from "../pretrained.js";
import { requireNamed } from "../own-network.js";
import { openCheckpoint } from "../../runs/checkpoint-file.js";
import type { CheckpointDescription } from "../../../checkpoint/description.js";

interface InitFlags {
  readonly init?: string;
  readonly model?: string;
  readonly modelOption?: CheckpointDescription["modelOptions"];
  readonly resume?: string;
}

interface PretrainedWords extends InitFlags, PretrainedFlags {}

/** What `--pretrained` says of a training, beside the model and its first weights. */
export interface WithPreparation {
  /** How pictures are prepared for the weights. */
  readonly preparation?: Preparation;
}

/**
 * With the model, the first weights and the preparation of pictures of `--pretrained`; the weights are fetched.
 *
 * @throws {ResnetError} `ERR_CONFIG` with `--init`, or with a model that the weights are not of
 */
export async function withPretrained<Flags extends PretrainedWords>(
  flags: Flags,
  output: Output,
): Promise<Flags & WithPreparation> {
  const { pretrained, model, init } = flags;
  if (pretrained === undefined) return flags;
  if (init !== undefined) {
    throw new UsageError(
      "ERR_CONFIG",
      `--init ${init} and --pretrained ${pretrained} are two sources of first weights: leave out one of them`,
    );
  }
  const { weights } = await fetchShown(pretrained, flags, output);
  if (model !== undefined && model !== weights.model) {
    throw new UsageError(
      "ERR_CONFIG",
      `${weights.name} has weights of ${weights.model}, which is not ${model}: leave out --model`,
    );
  }
  const place = pretrainedPrefix + weights.name;
  return { ...flags, model: weights.model, init: place, preparation: weights };
}

/** With the model that the file of `--init` says it is of, unless another was asked for. */
export async function withModelOfInit<Flags extends InitFlags>(flags: Flags): Promise<Flags> {
  const { init, model, modelOption, resume } = flags;
  if (init === undefined || model !== undefined || resume !== undefined) return flags;
  const found = await modelIn(init);
  if (!found) return flags;
  requireNamed(init, found.model, model);
  return { ...flags, model: found.model, modelOption: { ...found.modelOptions, ...modelOption } };
}

/** The model that a file of weights is of; undefined where it does not say. */
async function modelIn(file: string): Promise<CheckpointDescription | undefined> {
  try {
    const checkpoint = await openCheckpoint(file);
    await checkpoint.close();
    return checkpoint.description;
  } catch (error) {
    if (error instanceof ResnetError) return undefined;
    throw error;
  }
}
