import { ResnetError } from "../../../tensor/error.js";
import { requireNamed } from "../own-network.js";
import { openCheckpoint } from "../../runs/checkpoint-file.js";
import type { CheckpointDescription } from "../../../checkpoint/description.js";

interface InitFlags {
  readonly init?: string;
  readonly model?: string;
  readonly modelOption?: CheckpointDescription["modelOptions"];
  readonly resume?: string;
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
