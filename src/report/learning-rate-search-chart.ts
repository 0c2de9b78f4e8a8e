import type { LearningRateSearch } from "../train/find-learning-rate.js";
import { colours } from "./chart-style.js";
import { lineChart } from "./line-chart.js";

/** The losses of a search over its learning rates, and the rate that it suggests, as SVG. */
export function learningRateSearchChart({ trials, suggestion }: LearningRateSearch): string {
  // What comes after the fall leads far away from it.
  const top = Math.ceil(1.5 * (trials[0]?.smoothedLoss ?? 1));
  const finding =
    suggestion === null
      ? "the loss did not fall"
      : `the loss falls fastest at ${suggestion.toPrecision(2)}`;
  const above = trials.filter(({ loss }) => loss > top).length;
  return lineChart({
    title: "Search for a learning rate",
    note: above === 0 ? finding : `${finding}; losses of steps that lie above the axis: ${above}`,
    x: {
      name: "Learning rate",
      scale: "log",
      format: (rate) => String(Number(rate.toPrecision(2))),
    },
    y: { name: "Training loss (nats)", from: 0, to: top },
    curves: [
      {
        name: "loss of the step",
        colour: colours.sky,
        points: trials.map(({ learningRate, loss }) => [learningRate, loss]),
      },
      {
        name: "smoothed",
        colour: colours.blue,
        points: trials.map(({ learningRate, smoothedLoss }) => [learningRate, smoothedLoss]),
      },
      ...(suggestion === null
        ? []
        : [
            {
              name: "suggestion",
              colour: colours.orange,
              dashed: true,
              points: [
                [suggestion, 0],
                [suggestion, top],
              ] as const,
            },
          ]),
    ],
  });
}
