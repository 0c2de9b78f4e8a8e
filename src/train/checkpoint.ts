import { readFile } from "node:fs/promises";
import { z } from "zod";
import { transformSchema } from "../data/transforms/transform.js";
import { readSafetensors } from "../interop/read-safetensors.js";
import { ResnetError } from "../tensor/error.js";
import type { HostArray } from "../tensor/host-array.js";
import type { ModelState } from "./model-state.js";

/** What is needed to use the weights: stands in the file's metadata, so that a checkpoint alone can predict. */
const descriptionSchema = z.object({
  model: z.string(),
  classes: z.array(z.string()).min(1),
  /** Height, width and channels of what the model sees. */
  imageShape: z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]),
  /** What it was trained in, and so is evaluated in; fp32 where nothing is said. */
  precision: z.enum(["fp32", "bf16"]).optional(),
  /** What is done to an image of the data before it is normalised; nothing where nothing is said. */
  transforms: z.array(transformSchema).optional(),
  normalise: z.object({ mean: z.array(z.number()), std: z.array(z.number()) }),
  /** What it was trained on: the rows can be drawn again. */
  data: z.object({
    name: z.string(),
    trainSize: z.int().min(1),
    validSize: z.int().min(1),
    seed: z.int().min(0),
  }),
  /** Whole epochs that the weights were trained for. */
  epoch: z.int().min(0),
});

export type CheckpointDescription = z.infer<typeof descriptionSchema>;

const metadataKey = "resnet-ts";

/** The metadata of a checkpoint. `format: "pt"` says that names and layouts are PyTorch's. */
export const checkpointMetadata = (description: CheckpointDescription): Record<string, string> => ({
  format: "pt",
  [metadataKey]: JSON.stringify(description),
});

/**
 * Reads a checkpoint: weights and running statistics, under PyTorch's names and in its layout.
 *
 * @throws {ResnetError} `ERR_CHECKPOINT` if the file cannot be read or says nothing of its model;
 *   the codes of `readSafetensors` if it is damaged
 */
export async function readCheckpoint(
  file: string,
): Promise<{ readonly description: CheckpointDescription; readonly state: ModelState }> {
  const bytes = await readFile(file).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === "ENOENT" ? "there is no such file" : `it cannot be read (${code ?? String(error)})`;
    throw new ResnetError("ERR_CHECKPOINT", `${file}: ${reason}`, { cause: error });
  });
  const { tensors, metadata } = readSafetensors(bytes, file);
  const state = new Map<string, HostArray>();
  for (const [name, array] of tensors) if (array.dtype !== "i64") state.set(name, array);
  return { description: parseDescription(file, metadata.get(metadataKey)), state };
}

function parseDescription(file: string, text: string | undefined): CheckpointDescription {
  try {
    return descriptionSchema.parse(JSON.parse(text ?? ""));
  } catch (error) {
    throw new ResnetError(
      "ERR_CHECKPOINT",
      `${file}: its metadata does not say which model the weights are of: it was not written by resnet train`,
      { cause: error },
    );
  }
}
