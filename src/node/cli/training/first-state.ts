import { ResnetError } from "../../../tensor/error.js";
import { Checkpoint, type CheckpointDescription } from "../../runs/checkpoint.js";
import { firstWeights } from "../../../train/weights/first-weights.js";
import type { ModelState } from "../../../train/weights/model-state.js";
import type { Output } from "../output.js";
import type { TrainJob } from "./train-job.js";

/** What a training starts from: random weights, or those of `--init`. Says what of these starts anew. */
export async function firstState(
  { config, model, description }: TrainJob,
  output: Output,
): Promise<ModelState> {
  const { state, replaced, notices } = await firstWeights(model, config);
  for (const notice of notices) output.notice(notice);
  if (config.init === null) return state;
  const classes = `for the ${description.classes.length} classes of ${config.data}`;
  output.notice(
    replaced.length > 0
      ? `starting from ${config.init}; ${replaced.join(" and ")} start anew, ${classes}`
      : `starting from ${config.init}`,
  );
  return state;
}

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
  return { ...flags, model: found.model, modelOption: { ...found.modelOptions, ...modelOption } };
}

/** The model that a file of weights is of; undefined where it does not say. */
async function modelIn(file: string): Promise<CheckpointDescription | undefined> {
  try {
    const checkpoint = await Checkpoint.open(file);
    await checkpoint.close();
    return checkpoint.description;
  } catch (error) {
    if (error instanceof ResnetError) return undefined;
    throw error;
  }
}
