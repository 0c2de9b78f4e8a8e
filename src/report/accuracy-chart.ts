import { colours } from "./chart-style.js";
import { epochChart } from "./epoch-chart.js";
import type { EpochMetrics } from "../train/epoch-metrics.js";

/** Validation accuracy over the epochs, in percent, as SVG. */
export function accuracyChart(metrics: readonly EpochMetrics[]): string {
  const lowest = Math.min(0.9, ...metrics.map((row) => row.validAccuracy).filter(Number.isFinite));
  return epochChart(metrics, {
    title: "Accuracy",
    axisName: "Samples classified correctly",
    from: Math.floor(lowest * 10) * 10,
    to: 100,
    series: [
      {
        name: "validation",
        colour: colours.second,
        valueOf: (row) => Math.round(row.validAccuracy * 1e6) / 1e4,
      },
    ],
    formatValue: (value) => `${value} %`,
  });
}
