import { logSumExp } from "../tensor/log-sum-exp.js";
import { printable } from "../tensor/printable.js";
import { checkOutputs, requireTwoClasses } from "./usable-outputs.js";
import type { Classifier, Outputs, PictureOptions } from "./classifier.js";
import type { Picture } from "./picture.js";

/** The model's logits, `[N, classes]`. */
export const logitsOutput: Outputs = { name: "logits", choose: (logits) => ({ logits }) };

/** A class, and how sure the model is of it. */
export interface ClassProbability {
  readonly label: string;
  /** The class's number. */
  readonly index: number;
  /** 0 … 1; those of all classes sum to 1. */
  readonly probability: number;
}

/** The likeliest classes of a picture, likeliest first. */
export interface Prediction<P extends Picture = string> {
  /** The picture as it was given. */
  readonly image: P;
  readonly top: readonly ClassProbability[];
}

/**
 * Predicts the classes of pictures: of any format, of any size.
 *
 *     const classifier = await Classifier.open("best.safetensors", await createExecutor());
 *     for await (const { image, top } of predict(classifier, ["cat.jpg"])) console.log(image, top[0]);
 *
 * @param pictures paths of image files, bytes of image files, or decoded pixels
 * @param options.top how many classes to give. Default 5
 * @throws {ResnetError} `ERR_CHECKPOINT` if the model has one class, `ERR_OVERFLOW` if its logits are not finite
 * @throws {DataError} as `Classifier.run`
 */
export async function* predict<P extends Picture>(
  classifier: Classifier,
  pictures: readonly P[],
  { top = 5, ...options }: PictureOptions & { readonly top?: number } = {},
): AsyncGenerator<Prediction<P>, void> {
  const { classes } = classifier.description;
  requireTwoClasses(classifier.description);
  for await (const batch of classifier.run(pictures, logitsOutput, options)) {
    const { data } = batch.outputs["logits"]!;
    for (const [i, image] of batch.pictures.entries()) {
      if (!batch.isRead[i]) continue;
      const logits = data.subarray(i * classes.length, (i + 1) * classes.length);
      checkOutputs(logits, `${printable(batch.names[i]!, Infinity)}: the logits`);
      yield { image, top: likeliest(logits, classes, top) };
    }
  }
}

/** The `top` classes with the largest logits; of equal ones, the first. */
export function likeliest(
  logits: ArrayLike<number>,
  classes: readonly string[],
  top: number,
): ClassProbability[] {
  const order = classes.map((_, j) => j).sort((a, b) => logits[b]! - logits[a]! || a - b);
  const { max, logSum } = logSumExp(logits);
  return order.slice(0, top).map((index) => ({
    label: classes[index]!,
    index,
    probability: Math.exp(logits[index]! - max - logSum),
  }));
}
