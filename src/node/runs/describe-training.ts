import { labelsOf } from "../../data/image-files.js";
import { countViews } from "../../data/transforms/test-views.js";
import type { TrainData } from "../../train/train.js";
import type { Training } from "../../train/training.js";
import type { DataFingerprint } from "../data/fingerprint.js";
import type { CheckpointDescription } from "../../checkpoint/description.js";

/** The description that the checkpoints of a training carry. */
export function describeTraining(
  { config, imageShape }: Training,
  { train, valid }: TrainData,
  fingerprint: DataFingerprint,
): Omit<CheckpointDescription, "epoch"> {
  const { model, modelOptions, transforms, testViews, normalize, precision } = config;
  const { data, validSize, testSize, seed, stratify } = config;
  return {
    model,
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
