import path from "node:path";
import { labelsOf, type LabelledImages } from "../../data/image-files.js";
import { countViews } from "../../data/transforms/test-views.js";
import type { TransformList } from "../../data/transforms/transform.js";
import { confusionChart } from "../../report/confusion-chart.js";
import { formatJson } from "../../report/format.js";
import {
  calibrationChart,
  precisionRecallChart,
  rocChart,
} from "../../report/probability-charts.js";
import { formatTestReport, testReport } from "../../report/test-report.js";
import {
  accuracyChart,
  epochCharts,
  pointsOf,
  type ChartWords,
} from "../../report/training-charts.js";
import type { Callback, StepProgress, TrainResult } from "../../train/callbacks.js";
import { validationName, type TrainConfig } from "../../train/config/config.js";
import type { Evaluation } from "../../train/evaluate.js";
import type { EpochMetrics } from "../../train/metrics.js";
import type { TrainData } from "../../train/train.js";
import type { Training } from "../../train/training.js";
import type { RunDirectory } from "../runs/run-directory.js";
import { imageOf, mistakeGrid, predictionGrid } from "./image-grid.js";
import { renderPng } from "./picture.js";

/** Draws a training in its run directory: charts after each epoch, and the report and all pictures after the test. */
export class ReportRun implements Callback {
  private lastChart = performance.now();

  /** @param everyMs how often `accuracy.svg` is drawn within an epoch: seldom enough to cost nothing */
  constructor(
    private readonly run: RunDirectory,
    private readonly data: TrainData,
    private readonly everyMs = 10_000,
  ) {}

  async onStep(_: StepProgress, { config, epochs }: Training): Promise<void> {
    if (performance.now() - this.lastChart < this.everyMs) return;
    this.lastChart = performance.now();
    const points = pointsOf(epochs, this.run.steps);
    await this.run.write("accuracy.svg", accuracyChart(points, this.words(config)).svg);
  }

  /** After each epoch, so that a chart that is open can be watched growing. */
  async onEpoch(_: EpochMetrics, { config, epochs }: Training): Promise<void> {
    const charts = epochCharts(epochs, this.run.steps, this.words(config));
    for (const [name, chart] of Object.entries(charts))
      await this.run.write(`${name}.svg`, chart.svg);
  }

  async onEnd({ test }: TrainResult, { config, epochs }: Training): Promise<void> {
    if (!test || !this.data.test) return;
    await writeRunReport(this.run, epochs, test, this.data.test, {
      transforms: config.transforms.eval,
      views: countViews(config.testViews),
      ...this.words(config),
    });
  }

  private words(config: TrainConfig): ChartWords {
    const [data, run] = [config.data, path.resolve(this.run.directory)].map((each) =>
      path.basename(each),
    );
    return {
      about: `${config.model} on ${data}, run ${run}`,
      validation: validationName(config),
    };
  }
}

function probabilityCharts(
  probabilities: Float32Array,
  labels: Int32Array,
  classes: readonly string[],
  words: ChartWords,
) {
  const data = { probabilities, labels, classes };
  return { roc: rocChart(data, words), "precision-recall": precisionRecallChart(data, words) };
}

export interface RunReportOptions extends ChartWords {
  /** Transforms of images in files before they are drawn. Default: none. */
  readonly transforms?: TransformList;
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
  { transforms, views, ...words }: RunReportOptions = {},
): Promise<void> {
  const { classes } = images;
  const report = testReport(test, images, views);
  const readImage = imageOf(images, transforms);
  const scored = { ...words, scores: test, labels: labelsOf(images), classes, readImage };
  const charts = {
    ...epochCharts(epochs, run.steps, words),
    confusion: confusionChart(report.confusion, classes, words),
    calibration: calibrationChart(test.confidences, (i) => test.ranks[i] === 0, words),
    ...(test.probabilities && probabilityCharts(test.probabilities, scored.labels, classes, words)),
    predictions: await predictionGrid(scored),
    mistakes: await mistakeGrid(scored),
  };
  await run.write("report.json", `${formatJson(report)}\n`);
  await run.write("report.txt", formatTestReport(report));
  for (const [name, chart] of Object.entries(charts)) {
    await run.write(`${name}.svg`, chart.svg);
    await run.write(`${name}.png`, await renderPng(chart));
  }
}
