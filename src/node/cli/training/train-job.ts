import { DataError } from "../../../data/data-error.js";
import { countLabels } from "../../../data/count-labels.js";
import { labelsOf, type LabelledImages } from "../../../data/labelled-images.js";
import { printableList } from "../../../tensor/printable.js";
import { fingerprintOf } from "../../data/fingerprint.js";
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
  checkClasses(parts.train, output);
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
        fingerprint: await fingerprintOf(parts, config.data),
      },
    },
  };
}

/**
 * Warns of classes that the training cannot learn.
 *
 * @throws {DataError} `ERR_DATA_LABEL` if there is nothing to tell apart
 */
function checkClasses(train: LabelledImages, output: Output): void {
  const { name, classes } = train;
  if (classes.length < 2) {
    throw new DataError(
      "ERR_DATA_LABEL",
      `${name}: all images are of one class, ${printableList(classes)}, so there is nothing to tell apart: ` +
        "give images of two classes at least, in a folder the folders of which are the classes",
    );
  }
  const counts = countLabels(labelsOf(train), classes.length);
  const empty = classes.filter((_, label) => counts[label] === 0);
  if (empty.length === 0) return;
  const verb = empty.length === 1 ? "has" : "have";
  output.notice(
    `${empty.length} of ${classes.length} classes ${verb} no training images, and will not be learnt: ${printableList(empty)}`,
  );
}

const formatNormalise = ({ normalise: { mean, std } }: TrainConfig): string =>
  `normalised by mean ${mean.join(", ")} and deviation ${std.join(", ")}`;
