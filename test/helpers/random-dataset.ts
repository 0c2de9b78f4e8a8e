import type { Dataset } from "../../src/data/dataset.js";
import type { Executor } from "../../src/executors/executor.js";
import type { BatchSource } from "../../src/train/sources/batch-source.js";
import { residentSource } from "../../src/train/sources/resident-source.js";
import {
  parseConfig,
  type TrainConfig,
  type TrainConfigInput,
} from "../../src/train/config/config.js";
import { findRecipe } from "../../src/train/recipes.js";
import { randomIntegers } from "./arrays.js";

/** Random 6×5 images of two channels, whose first pixels tell the class, so that there is something to learn. */
export function randomDataset(rows: number, seed: number): Dataset {
  const images = randomIntegers([rows, 6, 5, 2], seed, 256, "u8");
  const labels = randomIntegers([rows], seed + 1, 3, "i32");
  labels.data.forEach((label, row) => images.data.fill(label * 100, row * 60, row * 60 + 20));
  return { images, labels, classes: ["a", "b", "c"] } as unknown as Dataset;
}

export const normalize = { mean: [0.5, 0.5], std: [0.5, 0.5] };

/** Both parts of a training, in the executor. */
export const randomSources = async (
  executor: Executor,
  { train, valid } = { train: randomDataset(10, 1), valid: randomDataset(6, 2) },
): Promise<{ readonly train: BatchSource; readonly valid: BatchSource }> => ({
  train: await residentSource(executor, "train", train, normalize),
  valid: await residentSource(executor, "valid", valid, normalize),
});

/** A short training on them. */
export const randomConfig = (change: Partial<TrainConfigInput> = {}): TrainConfig =>
  parseConfig({
    ...findRecipe("fashion-resnet34").config,
    normalize,
    epochs: 3,
    batch: 4,
    learningRate: 0.05,
    schedule: "cosine:5",
    ...change,
  });
