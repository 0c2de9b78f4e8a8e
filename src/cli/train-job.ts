import type { Dataset, DatasetSplits } from "../data/dataset.js";
import { splitRows } from "../data/split.js";
import { takeRows } from "../data/take-rows.js";
import { transformedShape } from "../data/transforms/compose-transforms.js";
import { findModel } from "../models/catalog.js";
import type { Module } from "../nn/module.js";
import { dims4 } from "../tensor/shape.js";
import type { CheckpointDescription } from "../train/checkpoint.js";
import type { TrainConfig } from "../train/config.js";
import { loadData } from "./load-data.js";
import type { Output } from "./output.js";

/** What a training does, with the data and the model for it. */
export interface TrainJob {
  readonly config: TrainConfig;
  readonly model: Module;
  readonly parts: DataParts;
  /** Of the checkpoints to come. */
  readonly description: Omit<CheckpointDescription, "epoch">;
}

/** Loads what a configuration names. */
export async function prepareJob(
  config: TrainConfig,
  dataDir: string | undefined,
  output: Output,
): Promise<TrainJob> {
  const makeModel = findModel(config.model);
  const data = await loadData(config.data, dataDir, output);
  const { classes, images } = data.train;
  const [, height, width, channels] = dims4(images);
  const seen = transformedShape(config.transforms.eval, { height, width, channels });
  return {
    config,
    model: makeModel({ classes: classes.length, channels: seen.channels }),
    parts: splitData(data, config),
    description: {
      model: config.model,
      classes: [...classes],
      imageShape: [seen.height, seen.width, seen.channels],
      transforms: config.transforms.eval,
      normalise: config.normalise,
      precision: config.precision,
      data: {
        name: config.data,
        trainSize: config.trainSize,
        validSize: config.validSize,
        seed: config.seed,
      },
    },
  };
}

interface DataParts {
  readonly train: Dataset;
  readonly valid: Dataset;
  readonly test: Dataset;
}

/** The images that the run uses, drawn with its seed. */
function splitData(
  { train, test }: DatasetSplits,
  { trainSize, validSize, testSize, seed }: TrainConfig,
): DataParts {
  const rows = splitRows(train.labels.data.length, { train: trainSize, valid: validSize }, seed);
  return {
    train: takeRows(train, rows.train),
    valid: takeRows(train, rows.valid),
    test:
      testSize === null
        ? test
        : takeRows(test, splitRows(test.labels.data.length, { test: testSize }, seed).test),
  };
}
