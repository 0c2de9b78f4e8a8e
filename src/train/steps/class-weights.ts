import { balancedClassWeights } from "../../data/class-balance.js";
import type { TrainConfig } from "../config/config.js";

/**
 * What a sample of each class counts in the training's loss, once the model has said how many classes it has; null where
 * all count the same.
 *
 * @param labels of the training images
 */
export function classWeightsOf(
  { classWeights }: Pick<TrainConfig, "classWeights">,
  labels: Int32Array,
): ((classes: number) => readonly number[]) | null {
  if (classWeights === null) return null;
  if (classWeights === "balanced") return (classes) => balancedClassWeights(labels, classes);
  return () => classWeights;
}
