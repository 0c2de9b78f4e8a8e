import type { EpochMetrics } from "../train/epoch-metrics.js";
import { colours } from "./chart-style.js";
import { lineChart } from "./line-chart.js";

/** The learning rate at the end of each epoch, as SVG. */
export const learningRateChart = (metrics: readonly EpochMetrics[]): string =>
  lineChart({
    title: "Learning rate",
    x: { name: "Epoch" },
    y: { name: "At the epoch's last step", from: 0 },
    curves: [
      {
        name: "learning rate",
        colour: colours.blue,
        points: metrics.map(({ epoch, learningRate }) => [epoch, learningRate]),
      },
    ],
  });
