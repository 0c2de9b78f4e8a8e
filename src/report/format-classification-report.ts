import type { ClassificationReport, Scores } from "./classification-report.js";
import { printable } from "../tensor/printable.js";
import { formatFixed } from "./format-fixed.js";
import { ReportError } from "./report-error.js";

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
