import type { CheckpointDescription } from "../checkpoint/description.js";
import { ResnetError } from "../tensor/error.js";

/**
 * Checks the values that a model computed: finite weights that are very large can still lead beyond float32.
 *
 * @param what names the values in the error: `cat.jpg: the logits`
 * @throws {ResnetError} `ERR_OVERFLOW` if one of the values is NaN or infinite
 */
export function checkOutputs(values: ArrayLike<number>, what: string): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new ResnetError(
      "ERR_OVERFLOW",
      `${what} are not finite: value ${i} is ${values[i]}. The model's weights, or its mean and deviation, lead beyond ` +
        `float32: take an earlier checkpoint, or import the weights again`,
    );
  }
}

/**
 * Checks that there is something to tell apart: softmax gives the only class of a model probability 1 for every picture.
 *
 * @throws {ResnetError} `ERR_CHECKPOINT` for a model of one class
 */
export function requireTwoClasses({ classes }: Pick<CheckpointDescription, "classes">): void {
  if (classes.length >= 2) return;
  throw new ResnetError(
    "ERR_CHECKPOINT",
    `the model has one class, ${classes[0]}, and would give it 100 % for every picture: train it on two classes or more, ` +
      `or, if it is a binary classifier with one output, import its weights again`,
  );
}
