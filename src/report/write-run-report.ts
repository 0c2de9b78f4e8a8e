import type { Evaluation } from "../train/evaluate.js";
import type { RunDirectory } from "../train/run-directory.js";
import { accuracyChart } from "./accuracy-chart.js";
import { classificationReport } from "./classification-report.js";
import { confusionChart } from "./confusion-chart.js";
import { confusionMatrix } from "./confusion-matrix.js";
import { formatClassificationReport } from "./format-classification-report.js";
import { lossChart } from "./loss-chart.js";

/**
 * Writes what a finished run has to show: `report.json`, `report.txt`, `loss.svg`, `accuracy.svg`, `confusion.svg`.
 *
 * @param labels the true classes of the test images, in order of the evaluation
 * @returns the text of the report, as in `report.txt`
 */
export async function writeRunReport(
  run: RunDirectory,
  test: Evaluation,
  labels: Int32Array,
  classes: readonly string[],
): Promise<string> {
  const confusion = confusionMatrix(labels, test.predictions, classes.length);
  const report = classificationReport(confusion, classes);
  const { accuracy, loss } = test;
  const text = `test accuracy ${accuracy.toFixed(4)}, test loss ${loss.toFixed(4)}\n\n${formatClassificationReport(report)}`;
  await run.write(
    "report.json",
    `${JSON.stringify({ accuracy, loss, samples: labels.length, report, confusion }, null, 2)}\n`,
  );
  await run.write("report.txt", text);
  await run.write("loss.svg", lossChart(run.epochs));
  await run.write("accuracy.svg", accuracyChart(run.epochs));
  await run.write("confusion.svg", confusionChart(confusion, classes));
  return text;
}
