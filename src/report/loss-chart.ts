import { colours } from "./chart-style.js";
import { epochChart } from "./epoch-chart.js";
import type { EpochMetrics } from "../train/epoch-metrics.js";

/** Training and validation loss over the epochs, on one axis, as SVG. */
export const lossChart = (metrics: readonly EpochMetrics[]): string =>
  epochChart(metrics, {
    title: "Loss",
    axisName: "Mean cross-entropy (nats)",
    from: 0,
    series: [
      { name: "training", colour: colours.first, valueOf: (row) => row.trainLoss },
      { name: "validation", colour: colours.second, valueOf: (row) => row.validLoss },
    ],
    formatValue: String,
  });
