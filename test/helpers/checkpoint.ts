// A checkpoint of an untrained CIFAR ResNet in a temporary folder.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { writeSafetensors } from "../../src/interop/write-safetensors.js";
import { createModel } from "../../src/models/catalog.js";
import {
  checkpointMetadata,
  type CheckpointDescription,
} from "../../src/checkpoint/description.js";
import { initialState, type ModelState } from "../../src/checkpoint/model-state.js";
import { scratchFolder } from "./scratch-folder.js";

export interface WrittenCheckpoint {
  readonly file: string;
  readonly description: CheckpointDescription;
  readonly state: ModelState;
}

/** Pictures of three classes, resized to 24 x 20 and cropped to 20 x 20. */
export async function writeTestCheckpoint(
  t?: Parameters<typeof scratchFolder>[0],
  classes: readonly [string, string, string] = ["ant", "bee", "cat"],
): Promise<WrittenCheckpoint> {
  const folder = scratchFolder(t);
  const description: CheckpointDescription = {
    model: "cifar-resnet20",
    classes: [...classes],
    imageShape: [20, 20, 3],
    transforms: [
      { type: "resize", size: 24, interpolation: "bilinear" },
      { type: "centerCrop", size: 20 },
    ],
    normalize: { mean: [0.5, 0.45, 0.4], std: [0.25, 0.25, 0.2] },
    data: { name: "none", trainSize: 1, validSize: 1, seed: 0 },
    epoch: 0,
  };
  const state = initialState(createModel(description.model, { classes: 3, channels: 3 }), 3);
  const file = path.join(folder, "model.safetensors");
  writeFileSync(file, await writeSafetensors(state, checkpointMetadata(description)));
  return { file, description, state };
}
