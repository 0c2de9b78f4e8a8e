import { balancedClassWeights } from "../../data/class-balance.js";
import { ResnetError } from "../../tensor/error.js";
import type { TrainConfig } from "../config/config.js";

/**
 * What a sample of each class counts in the training's loss, once the model has said how many classes it has; null where
 * all count the same.
 *
 * @param labels of the training images
 * @throws {ResnetError} `ERR_CONFIG`, from the function, where there are not as many weights as classes
 */
export function classWeightsOf(
  { classWeights }: Pick<TrainConfig, "classWeights">,
  labels: Int32Array,
): ((classes: number) => readonly number[]) | null {
  if (classWeights === null) return null;
  if (classWeights === "balanced") return (classes) => balancedClassWeights(labels, classes);
  return (classes) => {
    if (classWeights.length === classes) return classWeights;
    throw new ResnetError(
      "ERR_CONFIG",
      `classWeights has ${classWeights.length} numbers, and there are ${classes} classes: give one for each`,
    );
  };
}
