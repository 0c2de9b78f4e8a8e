import { displayedAs } from "../tensor/jupyter.js";
import { printable } from "../tensor/printable.js";
import { ReportError, requireSquare, type ConfusionMatrix } from "./confusion-matrix.js";

/** How well something was recognised; each measure is 0 … 1, and 0 where it is not defined. */
export interface Scores {
  /** The fraction of the samples predicted to be of the class that are of it. */
  readonly precision: number;
  /** The fraction of the samples of the class that are predicted to be of it. */
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
  const report: ClassificationReport = {
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
  return displayedAs(report, formatClassificationReport);
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

/**
 * The sum of `values`, added in the order in which numpy adds them: so a mean that lies next to a
 * rounding boundary is printed with the same digits as numpy's.
 *
 * Source: numpy, `pairwise_sum` in `loops_utils.h.src`: fewer than 8 values one after the other; up
 * to 128 in 8 interleaved sums; more in two halves, cut at a multiple of 8.
 */
export function numpySum(values: readonly number[]): number {
  const n = values.length;
  if (n < 8) return values.reduce((sum, value) => sum + value, 0);
  if (n > 128) {
    const half = Math.floor(n / 16) * 8;
    return numpySum(values.slice(0, half)) + numpySum(values.slice(half));
  }
  const r = values.slice(0, 8);
  const whole = n - (n % 8);
  for (let i = 8; i < whole; i++) r[i % 8]! += values[i]!;
  const total = r[0]! + r[1]! + (r[2]! + r[3]!) + (r[4]! + r[5]! + (r[6]! + r[7]!));
  return values.slice(whole).reduce((sum, value) => sum + value, total);
}

const headings = ["precision", "recall", "f1-score", "support"];
const columnWidth = 9;

/**
 * A classification report as a table, ending in a line break.
 *
 * @param digits decimals of the measures, 0 … 20
 * @throws {ReportError} `ERR_REPORT_DIGITS` for another number of digits
 * @see sklearn.metrics.classification_report(..., digits=digits): the same characters, but that it
 *   prints a support of 2 as 2.0 where no sample at all is right; and names are printable, and cut after 100 characters
 */
export function formatClassificationReport(report: ClassificationReport, digits = 2): string {
  if (!Number.isInteger(digits) || digits < 0 || digits > 20) {
    throw new ReportError(
      "ERR_REPORT_DIGITS",
      `${digits} digits were asked for but 0 to 20 can be printed`,
    );
  }
  const names = report.classes.map(({ name }) => printable(name));
  const width = Math.max(...[...names, "weighted avg"].map(characters), digits);
  const line = (name: string, cells: readonly string[]): string => {
    const indent = " ".repeat(width - characters(name));
    return `${indent}${name} ${cells.map((cell) => ` ${cell.padStart(columnWidth)}`).join("")}\n`;
  };
  const scores = (name: string, { precision, recall, f1, support }: Scores): string =>
    line(name, [
      ...[precision, recall, f1].map((value) => formatFixed(value, digits)),
      String(support),
    ]);
  const { support } = report.macroAverage;
  return [
    line("", headings),
    "\n",
    ...report.classes.map((row, i) => scores(names[i]!, row)),
    "\n",
    line("accuracy", ["", "", formatFixed(report.accuracy, digits), String(support)]),
    scores("macro avg", report.macroAverage),
    scores("weighted avg", report.weightedAverage),
  ].join("");
}

/** Length in code points, as Python counts. */
const characters = (text: string): number => Array.from(text).length;

/**
 * `value` with `digits` decimals, as Python's `format(value, ".2f")` prints it.
 *
 * `toFixed` differs in one case: a value exactly between two results (0.125 at two digits) goes to
 * the larger one there, and to the one with an even last digit here.
 *
 * @param value a finite number of 0 or more
 * @param digits 0 … 20
 */
export function formatFixed(value: number, digits: number): string {
  const rounded = value.toFixed(digits);
  const isTie = /^50*$/.test(value.toFixed(100).split(".")[1]!.slice(digits));
  if (!isTie || "02468".includes(rounded.at(-1)!)) return rounded;
  const truncated = value.toFixed(100).slice(0, rounded.length);
  return digits === 0 ? truncated.replace(".", "") : truncated;
}
