import { DataError } from "../../../data/data-error.js";
import { labelsOf } from "../../../data/labelled-images.js";
import type { DataParts } from "../../data/load-parts.js";
import { countViews } from "../../../data/transforms/test-views.js";
import { findModel } from "../../../models/catalog.js";
import type { Module } from "../../../nn/module.js";
import type { CheckpointDescription } from "../../runs/checkpoint.js";
import type { TrainConfig } from "../../../train/config/config.js";
import { settleNormalise } from "../../../train/config/settle-normalise.js";
import { loadPartsOf } from "../load-data.js";
import type { DataFlags } from "../options.js";
import type { Output } from "../output.js";
import { shapeSeen } from "../../../train/sources/image-sources.js";

/** What a training does, with the data and the model for it. */
export interface TrainJob {
  readonly config: TrainConfig;
  readonly model: Module;
  readonly parts: DataParts;
  /** Of the checkpoints to come. */
  readonly description: Omit<CheckpointDescription, "epoch">;
}

/** Loads what a configuration names, and settles what it leaves to the data. */
export async function prepareJob(
  asked: TrainConfig,
  flags: DataFlags,
  output: Output,
): Promise<TrainJob> {
  const makeModel = findModel(asked.model, asked.modelOptions);
  const parts = await loadPartsOf(
    asked.data,
    asked,
    { ...flags, transforms: asked.transforms.eval },
    output,
  );
  if (labelsOf(parts.train).length === 0) {
    const held = labelsOf(parts.valid).length;
    throw new DataError(
      "ERR_DATA_ROWS",
      `${parts.train.name}: no image is left to train on, as ${held} validate: give more images`,
    );
  }
  const config = await settleNormalise(asked, parts.train, flags.workers);
  if (config !== asked) output.say(formatNormalise(config));
  const { classes } = parts.train;
  const seen = shapeSeen(parts.train, config);
  return {
    config,
    model: makeModel({ classes: classes.length, channels: seen.channels }),
    parts,
    description: {
      model: config.model,
      ...(Object.keys(config.modelOptions).length > 0 && { modelOptions: config.modelOptions }),
      classes: [...classes],
      imageShape: [seen.height, seen.width, seen.channels],
      transforms: config.transforms.eval,
      ...(countViews(config.testViews) > 1 && { testViews: config.testViews }),
      normalise: config.normalise,
      precision: config.precision,
      data: {
        name: config.data,
        trainSize: labelsOf(parts.train).length,
        validSize: config.validSize === 0 ? 0 : labelsOf(parts.valid).length,
        ...(config.validSize === 0 && config.testSize !== null && { testSize: config.testSize }),
        seed: config.seed,
        ...(config.stratify && { stratify: true }),
      },
    },
  };
}

const formatNormalise = ({ normalise: { mean, std } }: TrainConfig): string =>
  `normalised by mean ${mean.join(", ")} and deviation ${std.join(", ")}`;
