import { ResnetError } from "../tensor/error.js";
import { displayedAs } from "../tensor/jupyter.js";
import { formatTable } from "./format.js";

/** The error codes for inputs of a report; stable across versions. */
export type ReportErrorCode =
  /** Labels and predictions differ in number. */
  | "ERR_REPORT_LENGTH"
  /** A label or prediction names no class. */
  | "ERR_REPORT_CLASS"
  /** A matrix and the names of its classes do not fit together. */
  | "ERR_REPORT_MATRIX"
  /** A number of decimals that no report can have. */
  | "ERR_REPORT_DIGITS";

/** Thrown when a report cannot be made of what was given. */
export class ReportError extends ResnetError {
  override readonly name = "ReportError";
  declare readonly code: ReportErrorCode;

  constructor(code: ReportErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** `matrix[label][prediction]`: how many samples of a class were given to each class. */
export type ConfusionMatrix = readonly (readonly number[])[];

/**
 * Counts how often each class was taken for each.
 *
 * @param labels the true classes, indices in `0 … classes − 1`
 * @param predictions the predicted classes, one per label
 * @param classes number of classes
 * @throws {ReportError} `ERR_REPORT_LENGTH` if there are not as many predictions as labels;
 *   `ERR_REPORT_CLASS` if one is not an index of a class; names the sample and the value
 * @see sklearn.metrics.confusion_matrix(labels, predictions), whose order this is
 */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  classes: number,
): ConfusionMatrix {
  if (labels.length !== predictions.length) {
    throw new ReportError(
      "ERR_REPORT_LENGTH",
      `${labels.length} labels but ${predictions.length} predictions`,
    );
  }
  const matrix = Array.from({ length: classes }, () => Array<number>(classes).fill(0));
  for (let sample = 0; sample < labels.length; sample++) {
    const label = classIndex(labels, sample, classes, "label");
    const prediction = classIndex(predictions, sample, classes, "prediction");
    matrix[label]![prediction]!++;
  }
  return displayedAs(matrix, formatMatrix);
}

/** A row for each true class, a column for each prediction, and a dot for a zero. */
const formatMatrix = (matrix: ConfusionMatrix): string =>
  formatTable([
    ["true\\predicted", ...matrix.map((_, c) => String(c))],
    ...matrix.map((row, c) => [
      String(c),
      ...row.map((count) => (count === 0 ? "." : String(count))),
    ]),
  ]).join("\n");

function classIndex(
  indices: ArrayLike<number>,
  sample: number,
  classes: number,
  what: string,
): number {
  const index = indices[sample]!;
  if (Number.isInteger(index) && index >= 0 && index < classes) return index;
  throw new ReportError(
    "ERR_REPORT_CLASS",
    `the ${what} of sample ${sample} is ${index} but the classes are` + ` 0 to ${classes - 1}`,
  );
}

/**
 * Checks that `matrix` is square and as large as `classes`.
 *
 * @param caller the function that speaks in the error
 * @throws {ReportError} `ERR_REPORT_MATRIX`, with both sizes
 */
export function requireSquare(
  matrix: ConfusionMatrix,
  classes: readonly string[],
  caller: string,
): void {
  const bad = matrix.find((row) => row.length !== matrix.length);
  if (bad || matrix.length !== classes.length) {
    const columns = bad?.length ?? matrix.length;
    throw new ReportError(
      "ERR_REPORT_MATRIX",
      `${caller}: the matrix is ${matrix.length} x ${columns} but there are ${classes.length}` +
        " classes",
    );
  }
}
