import { createHash } from "node:crypto";
import { tracePrediction } from "../../checkpoint/export-model.js";
import { printGraph } from "../../graph/print.js";
import { models } from "../../models/catalog.js";
import type { Module } from "../../nn/module.js";
import { labelsOf } from "../../data/image-files.js";
import { countViews } from "../../data/transforms/test-views.js";
import type { TrainData } from "../../train/train.js";
import type { Training } from "../../train/training.js";
import type { DataFingerprint } from "../data/fingerprint.js";
import type { CheckpointDescription } from "../../checkpoint/description.js";

/** The SHA-256 of what a model computes for a prediction: another one after each change but those of comments. */
export const graphHash = (model: Module, imageShape: readonly [number, number, number]): string =>
  createHash("sha256")
    .update(printGraph(tracePrediction(model, imageShape)))
    .digest("hex");

/** The description that the checkpoints of a training carry. */
export function describeTraining(
  { config, imageShape, session }: Training,
  { train, valid }: TrainData,
  fingerprint: DataFingerprint,
): Omit<CheckpointDescription, "epoch"> {
  const { model, modelOptions, transforms, testViews, normalize, precision } = config;
  const { data, validSize, testSize, seed, stratify } = config;
  return {
    model,
    ...(!Object.hasOwn(models, model) && { graphSha256: graphHash(session.model, imageShape) }),
    ...(Object.keys(modelOptions).length > 0 && { modelOptions }),
    classes: [...train.classes],
    imageShape: [...imageShape],
    transforms: transforms.eval,
    ...(countViews(testViews) > 1 && { testViews }),
    normalize,
    precision,
    data: {
      name: data,
      trainSize: labelsOf(train).length,
      validSize: validSize === 0 ? 0 : labelsOf(valid).length,
      ...(validSize === 0 && testSize !== null && { testSize }),
      seed,
      ...(stratify && { stratify: true }),
      fingerprint,
    },
  };
}
