import type { EpochMetrics } from "../train/epoch-metrics.js";
import { accuracyChart } from "./accuracy-chart.js";
import { learningRateChart } from "./learning-rate-chart.js";
import { lossChart } from "./loss-chart.js";

/** The charts that grow with every epoch, as SVG by name of the file. */
export const epochCharts = (
  metrics: readonly EpochMetrics[],
  validation?: string,
): Readonly<Record<string, string>> => ({
  loss: lossChart(metrics, validation),
  accuracy: accuracyChart(metrics, validation),
  "learning-rate": learningRateChart(metrics),
});
