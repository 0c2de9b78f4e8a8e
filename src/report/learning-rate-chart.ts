import type { EpochMetrics } from "../train/metrics.js";
import { colours } from "./chart-style.js";
import { lineChart } from "./line-chart.js";

/** The rate of a step: of the last one of an epoch, or of one within, where the epoch's number is a fraction. */
export type LearningRatePoint = Pick<EpochMetrics, "epoch" | "learningRate">;

/** The learning rate over a training, as SVG. */
export const learningRateChart = (points: readonly LearningRatePoint[]): string =>
  lineChart({
    title: "Learning rate",
    x: { name: "Epoch", ...((points[0]?.epoch ?? 1) < 1 && { from: 0 }) },
    y: { name: "Learning rate", from: 0 },
    curves: [
      {
        name: "",
        colour: colours.blue,
        points: points.map(({ epoch, learningRate }) => [epoch, learningRate]),
      },
    ],
  });
