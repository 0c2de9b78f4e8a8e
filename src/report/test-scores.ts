import type { Evaluation } from "../train/evaluate.js";
import { topAccuracy } from "../train/sample-scores.js";

/** What an evaluation comes to in three numbers. */
export interface TestScores {
  readonly accuracy: number;
  /** Share of the images whose class is among the five likeliest; where there are more than five. */
  readonly top5Accuracy?: number;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
}

export const testScores = (
  { accuracy, loss, ranks }: Evaluation,
  classes: readonly string[],
): TestScores => ({
  accuracy,
  ...(classes.length > 5 && { top5Accuracy: topAccuracy(ranks, 5) }),
  loss,
});

/** `, 10 views of each image`; nothing where each image was shown once. */
export const formatViews = (views: number): string =>
  views > 1 ? `, ${views} views of each image` : "";

/** `accuracy 0.8817, top-5 0.9981, loss 0.4711`, with another word before what is measured. */
export const formatScores = ({ accuracy, top5Accuracy, loss }: TestScores, what = ""): string =>
  [
    `${what}accuracy ${accuracy.toFixed(4)}`,
    ...(top5Accuracy === undefined ? [] : [`top-5 ${top5Accuracy.toFixed(4)}`]),
    `${what}loss ${loss.toFixed(4)}`,
  ].join(", ");
