import { type LabelledImages, labelsOf } from "../data/image-files.js";
import type { Evaluation } from "../train/evaluate.js";
import { hitsWithin } from "../train/metrics.js";
import {
  classificationReport,
  formatClassificationReport,
  type ClassificationReport,
} from "./classification-report.js";
import {
  calibration,
  precisionRecallCurves,
  rocCurves,
  type ClassProbabilities,
  type ThresholdCurve,
} from "./probability-curves.js";
import { confusionMatrix, type ConfusionMatrix } from "./confusion-matrix.js";

/** The results of a test: `report.json`. */
export interface TestReport {
  readonly accuracy: number;
  /** Fraction of images whose class is among the five likeliest; only if there are more than five classes. */
  readonly top5Accuracy?: number;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  readonly samples: number;
  /** How many views of each image the test showed. */
  readonly views: number;
  readonly report: ClassificationReport;
  readonly confusion: ConfusionMatrix;
  /** Mean distance of confidence and accuracy, 0 … 1. */
  readonly calibrationError: number;
  /**
   * Area below the receiver operating characteristic of each class against all others, and average precision; null if no
   * image, or every image, is of the class. Only if the probabilities of all classes were kept.
   */
  readonly rocAreas?: readonly (number | null)[];
  readonly averagePrecisions?: readonly (number | null)[];
}

/** @param test the evaluation of `images` */
export function testReport(
  { accuracy, loss, ranks, predictions, confidences, probabilities }: Evaluation,
  images: LabelledImages,
  views = 1,
): TestReport {
  const { classes } = images;
  const labels = labelsOf(images);
  const confusion = confusionMatrix(labels, predictions, classes.length);
  return {
    accuracy,
    ...(classes.length > 5 && { top5Accuracy: hitsWithin(ranks, 5) / ranks.length }),
    loss,
    samples: labels.length,
    views,
    report: classificationReport(confusion, classes),
    confusion,
    calibrationError: calibration(confidences, (i) => ranks[i] === 0).error,
    ...(probabilities && areasOf({ probabilities, labels, classes })),
  };
}

function areasOf(data: ClassProbabilities) {
  const areas = (curves: readonly ThresholdCurve[]) =>
    curves.map(({ area }) => (Number.isNaN(area) ? null : area));
  return {
    rocAreas: areas(rocCurves(data)),
    averagePrecisions: areas(precisionRecallCurves(data)),
  };
}

/** `test accuracy 0.8817, top-5 0.9981, test loss 0.4711`, with any word in place of "test ". */
export const formatScores = (
  { accuracy, top5Accuracy, loss }: Pick<TestReport, "accuracy" | "top5Accuracy" | "loss">,
  what = "",
): string =>
  [
    `${what}accuracy ${accuracy.toFixed(4)}`,
    ...(top5Accuracy === undefined ? [] : [`top-5 ${top5Accuracy.toFixed(4)}`]),
    `${what}loss ${loss.toFixed(4)}`,
  ].join(", ");

/** `, 10 views of each image`; empty if each image was shown once. */
export const formatViews = (views: number): string =>
  views > 1 ? `, ${views} views of each image` : "";

/** The report as text: the scores, then precision, recall and F1 of each class. */
export const formatTestReport = (report: TestReport): string =>
  `${formatScores(report, "test ")}${formatViews(report.views)}\n\n${formatClassificationReport(report.report)}`;
