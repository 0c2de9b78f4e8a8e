import { labelsOf, type LabelledImages } from "../../data/labelled-images.js";
import type { TransformList } from "../../data/transforms/transform.js";
import type { Evaluation } from "../../train/evaluate.js";
import type { RunDirectory } from "../runs/run-directory.js";
import type { LoggedStep } from "../runs/step-log.js";
import { accuracyChart } from "../../report/accuracy-chart.js";
import { classificationReport } from "../../report/classification-report.js";
import { confusionChart } from "../../report/confusion-chart.js";
import { confusionMatrix } from "../../report/confusion-matrix.js";
import { epochCharts, pointsOf } from "../../report/epoch-charts.js";
import { formatJson } from "../../report/format-json.js";
import { formatClassificationReport } from "../../report/format-classification-report.js";
import { imageOf } from "./image-grid.js";
import { mistakeGrid, predictionGrid } from "./prediction-grid.js";
import { renderPng } from "./render-png.js";
import { formatScores, formatViews, testScores } from "../../report/test-scores.js";

/** Writes the charts of the epochs so far: after each epoch, so that an open one can be watched growing. */
export async function writeEpochCharts(run: RunDirectory, validation?: string): Promise<void> {
  for (const [name, svg] of Object.entries(epochCharts(run.epochs, run.steps, validation))) {
    await run.write(`${name}.svg`, svg);
  }
}

/** Rewrites the chart of losses and accuracies within an epoch, up to the step in progress. */
export const writeLiveChart = (
  run: RunDirectory,
  now: LoggedStep,
  validation?: string,
): Promise<void> => {
  const steps = run.steps.at(-1) === now ? run.steps : [...run.steps, now];
  return run.write("accuracy.svg", accuracyChart(pointsOf(run.epochs, steps), validation));
};

/**
 * Writes what a finished run has to show: `report.json`, `report.txt`, and each chart as SVG and as PNG.
 *
 * @param test the evaluation of `images`
 * @param options what is done to images of files before they are drawn; what the images are called that validated; in how
 *   many views the test showed each image
 * @returns the text of the report, as in `report.txt`
 */
export async function writeRunReport(
  run: RunDirectory,
  test: Evaluation,
  images: LabelledImages,
  options: {
    readonly transforms?: TransformList;
    readonly validation?: string;
    readonly views?: number;
  } = {},
): Promise<string> {
  const { classes } = images;
  const labels = labelsOf(images);
  const confusion = confusionMatrix(labels, test.predictions, classes.length);
  const report = classificationReport(confusion, classes);
  const total = testScores(test, classes);
  const { views = 1 } = options;
  const document = { ...total, samples: labels.length, views, report, confusion };
  const scored = { scores: test, labels, classes, readImage: imageOf(images, options.transforms) };
  const charts = {
    ...epochCharts(run.epochs, run.steps, options.validation),
    confusion: confusionChart(confusion, classes),
    predictions: await predictionGrid(scored),
    mistakes: await mistakeGrid(scored),
  };
  const heading = `${formatScores(total, "test ")}${formatViews(views)}`;
  const text = `${heading}\n\n${formatClassificationReport(report)}`;
  await run.write("report.json", `${formatJson(document)}\n`);
  await run.write("report.txt", text);
  for (const [name, svg] of Object.entries(charts)) {
    await run.write(`${name}.svg`, svg);
    await run.write(`${name}.png`, await renderPng(svg));
  }
  return text;
}
