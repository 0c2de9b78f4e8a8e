import { requireSquare, type ConfusionMatrix } from "./confusion-matrix.js";
import { numpySum } from "./numpy-sum.js";

/** How well something was recognised; each measure is 0 … 1, and 0 where it is not defined. */
export interface Scores {
  /** Of the samples predicted to be of the class, the share that are. */
  readonly precision: number;
  /** Of the samples of the class, the share predicted to be. */
  readonly recall: number;
  /** Harmonic mean of precision and recall. */
  readonly f1: number;
  /** Number of samples of the class. */
  readonly support: number;
}

export interface ClassificationReport {
  readonly classes: readonly (Scores & { readonly name: string })[];
  /** Share of all samples that were classified correctly, 0 … 1; 0 if there are none. */
  readonly accuracy: number;
  /** Plain mean over the classes. */
  readonly macroAverage: Scores;
  /** Mean over the classes, weighted by their support. */
  readonly weightedAverage: Scores;
}

/**
 * Precision, recall and F1 of each class, with their averages and the accuracy.
 *
 * @param matrix counts of `[label][prediction]`, from `confusionMatrix`
 * @param classes names of the classes, in the order of the matrix
 * @throws {ReportError} `ERR_REPORT_MATRIX` if the matrix is not square or not of that size
 * @see sklearn.metrics.classification_report(y_true, y_pred, labels=range(K)): the same numbers,
 *   to the last bit, with its default for undefined measures (0)
 */
export function classificationReport(
  matrix: ConfusionMatrix,
  classes: readonly string[],
): ClassificationReport {
  requireSquare(matrix, classes, "classificationReport");
  const rows = matrix.map((counts, i) => {
    const hits = counts[i]!;
    const support = sum(counts);
    const predicted = sum(matrix.map((row) => row[i]!));
    return {
      name: classes[i]!,
      precision: ratio(hits, predicted),
      recall: ratio(hits, support),
      f1: ratio(2 * hits, support + predicted),
      support,
    };
  });
  const support = sum(rows.map((row) => row.support));
  return {
    classes: rows,
    accuracy: ratio(sum(matrix.map((row, i) => row[i]!)), support),
    macroAverage: average(
      rows,
      rows.map(() => 1),
      support,
    ),
    weightedAverage: average(
      rows,
      rows.map((row) => (support > 0 ? row.support : 1)), // no samples: scikit-learn's plain mean
      support,
    ),
  };
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

function average(rows: readonly Scores[], weights: readonly number[], support: number): Scores {
  const total = sum(weights);
  const mean = (pick: (row: Scores) => number): number =>
    ratio(numpySum(rows.map((row, i) => pick(row) * weights[i]!)), total);
  return {
    precision: mean((row) => row.precision),
    recall: mean((row) => row.recall),
    f1: mean((row) => row.f1),
    support,
  };
}
