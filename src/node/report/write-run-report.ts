import { type LabelledImages, labelsOf } from "../../data/image-files.js";
import type { TransformList } from "../../data/transforms/transform.js";
import { accuracyChart } from "../../report/accuracy-chart.js";
import { confusionChart } from "../../report/confusion-chart.js";
import { epochCharts, pointsOf } from "../../report/epoch-charts.js";
import { formatTestReport, testReport } from "../../report/test-report.js";
import type { Evaluation } from "../../train/evaluate.js";
import type { EpochMetrics } from "../../train/metrics.js";
import type { RunDirectory } from "../runs/run-directory.js";
import type { LoggedStep } from "../runs/step-log.js";
import { formatJson } from "../../report/format-json.js";
import { imageOf } from "./image-grid.js";
import { mistakeGrid, predictionGrid } from "./prediction-grid.js";
import { renderPng } from "./render-png.js";

/** Writes the charts of the epochs so far: after each epoch, so that an open one can be watched growing. */
export async function writeEpochCharts(
  run: RunDirectory,
  epochs: readonly EpochMetrics[],
  validation?: string,
): Promise<void> {
  for (const [name, svg] of Object.entries(epochCharts(epochs, run.steps, validation))) {
    await run.write(`${name}.svg`, svg);
  }
}

/** Rewrites the chart of losses and accuracies within an epoch, up to the step in progress. */
export const writeLiveChart = (
  run: RunDirectory,
  epochs: readonly EpochMetrics[],
  now: LoggedStep,
  validation?: string,
): Promise<void> => {
  const steps = run.steps.at(-1) === now ? run.steps : [...run.steps, now];
  return run.write("accuracy.svg", accuracyChart(pointsOf(epochs, steps), validation));
};

export interface RunReportOptions {
  /** Transforms of images in files before they are drawn. Default: none. */
  readonly transforms?: TransformList;
  /** What the validation images are called. Default `validation`. */
  readonly validation?: string;
  /** How many views of each image the test showed. Default 1. */
  readonly views?: number;
}

/**
 * Writes the report of a finished run: `report.json`, `report.txt`, and each chart as SVG and as PNG.
 *
 * @param test the evaluation of `images`
 */
export async function writeRunReport(
  run: RunDirectory,
  epochs: readonly EpochMetrics[],
  test: Evaluation,
  images: LabelledImages,
  { transforms, validation, views }: RunReportOptions = {},
): Promise<void> {
  const { classes } = images;
  const report = testReport(test, images, views);
  const readImage = imageOf(images, transforms);
  const scored = { scores: test, labels: labelsOf(images), classes, readImage };
  const charts = {
    ...epochCharts(epochs, run.steps, validation),
    confusion: confusionChart(report.confusion, classes),
    predictions: await predictionGrid(scored),
    mistakes: await mistakeGrid(scored),
  };
  await run.write("report.json", `${formatJson(report)}\n`);
  await run.write("report.txt", formatTestReport(report));
  for (const [name, svg] of Object.entries(charts)) {
    await run.write(`${name}.svg`, svg);
    await run.write(`${name}.png`, await renderPng(svg));
  }
}
