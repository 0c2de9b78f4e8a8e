import { colours } from "./chart-style.js";
import { epochChart } from "./epoch-chart.js";
import type { EpochMetrics } from "../train/epoch-metrics.js";

/** Validation accuracy over the epochs, in percent, as SVG. */
export const accuracyChart = (metrics: readonly EpochMetrics[]): string =>
  epochChart(metrics, {
    title: "Accuracy",
    axisName: "Samples classified correctly",
    series: [
      {
        name: "validation",
        colour: colours.second,
        valueOf: (row) => Math.round(row.validAccuracy * 1e6) / 1e4,
      },
    ],
    formatValue: (value) => `${value} %`,
  });
