import type { Point } from "./line-chart.js";

/** The predicted probabilities of samples whose classes are known. */
export interface ClassProbabilities {
  /** `[samples, classes]`, flat; each row sums to 1. */
  readonly probabilities: ArrayLike<number>;
  /** True class of each sample. */
  readonly labels: ArrayLike<number>;
  readonly classes: readonly string[];
}

/** A curve over all thresholds of a class's probability, and the area below it. */
export interface ThresholdCurve {
  readonly points: readonly Point[];
  /** 0 … 1; NaN if it is not defined, because no sample, or every sample, is of the class. */
  readonly area: number;
}

/**
 * The receiver operating characteristic of each class against all others: true positive rate over false positive rate.
 *
 * @see sklearn.metrics.roc_auc_score(labels == c, probabilities[:, c]), the same areas
 */
export const rocCurves = (data: ClassProbabilities): readonly ThresholdCurve[] =>
  data.classes.map((_, c) => {
    const counts = countsByThreshold(data, c);
    const last = counts.at(-1) ?? none;
    const points = [none, ...counts].map(({ wrong, right }): Point => [
      wrong / last.wrong,
      right / last.right,
    ]);
    let area = 0;
    for (let i = 1; i < points.length; i++) {
      const [[x0, y0], [x1, y1]] = [points[i - 1]!, points[i]!];
      area += ((x1 - x0) * (y0 + y1)) / 2;
    }
    return { points, area: points.length > 1 ? area : NaN };
  });

/**
 * Precision over recall of each class. The area is the average precision: the sum of precisions, each times the recall that
 * it adds.
 *
 * @see sklearn.metrics.average_precision_score(labels == c, probabilities[:, c]), the same areas
 */
export const precisionRecallCurves = (data: ClassProbabilities): readonly ThresholdCurve[] =>
  data.classes.map((_, c) => {
    const counts = countsByThreshold(data, c);
    const last = counts.at(-1) ?? none;
    const points = counts.map(({ wrong, right }): Point => [
      right / last.right,
      right / (right + wrong),
    ]);
    const area = points.reduce(
      (sum, [recall, precision], i) => sum + (recall - (points[i - 1]?.[0] ?? 0)) * precision,
      0,
    );
    return { points, area: points.length > 0 ? area : NaN };
  });

/** Samples whose probability is at least a threshold: of the class, and of others. */
interface Counts {
  readonly right: number;
  readonly wrong: number;
}

const none: Counts = { right: 0, wrong: 0 };

/** Counts for each probability that occurs, from the largest to the least. */
function countsByThreshold(data: ClassProbabilities, c: number): readonly Counts[] {
  const { probabilities, labels, classes } = data;
  const of = (sample: number): number => probabilities[sample * classes.length + c]!;
  const order = Array.from({ length: labels.length }, (_, i) => i).sort((a, b) => of(b) - of(a));
  const counts: Counts[] = [];
  let [right, wrong] = [0, 0];
  order.forEach((sample, i) => {
    if (labels[sample] === c) right++;
    else wrong++;
    const next = order[i + 1];
    if (next === undefined || of(next) !== of(sample)) counts.push({ right, wrong });
  });
  return counts;
}

/** Samples whose largest probability is in one interval. */
export interface CalibrationBin {
  readonly samples: number;
  /** Mean of their largest probabilities. */
  readonly confidence: number;
  /** Fraction of them whose class of the largest probability is the true one. */
  readonly accuracy: number;
}

export interface Calibration {
  /** Intervals of equal width that have samples, from low to high confidence. */
  readonly bins: readonly CalibrationBin[];
  /** Mean distance of confidence and accuracy over the samples, 0 … 1; 0 without samples. Source: Guo et al. 2017, arXiv:1706.04599, equation 3. */
  readonly error: number;
}

/**
 * How far confidences can be believed: of the samples that a model is 80 % sure of, 80 % should be right.
 *
 * @param confidences probability of the predicted class of each sample, 0 … 1
 * @param isRight whether the prediction is the true class
 * @param count intervals between 0 and 1. Default 10
 * @see sklearn.calibration.calibration_curve(isRight, confidences, n_bins=count), the same points
 */
export function calibration(
  confidences: ArrayLike<number>,
  isRight: (sample: number) => boolean,
  count = 10,
): Calibration {
  const sums = Array.from({ length: count }, () => ({ samples: 0, confidence: 0, right: 0 }));
  for (let i = 0; i < confidences.length; i++) {
    const sum = sums[binOf(confidences[i]!, count)]!;
    sum.samples++;
    sum.confidence += confidences[i]!;
    if (isRight(i)) sum.right++;
  }
  const bins = sums
    .filter(({ samples }) => samples > 0)
    .map(({ samples, confidence, right }) => ({
      samples,
      confidence: confidence / samples,
      accuracy: right / samples,
    }));
  const distance = bins.reduce(
    (sum, bin) => sum + bin.samples * Math.abs(bin.confidence - bin.accuracy),
    0,
  );
  return { bins, error: distance / Math.max(1, confidences.length) };
}

/** An interval includes its upper end, as scikit-learn's do. */
function binOf(confidence: number, count: number): number {
  let bin = Math.min(count - 1, Math.floor(confidence * count));
  while (bin > 0 && confidence <= bin / count) bin--;
  return bin;
}
