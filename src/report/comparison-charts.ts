import type { EpochMetrics } from "../train/metrics.js";
import { colours, ink } from "./chart-style.js";
import { lineChart } from "./line-chart.js";

const palette = [
  colours.orange,
  colours.blue,
  colours.amber,
  colours.green,
  colours.purple,
  colours.sky,
  ink.strong,
];

const colourOf = (place: number): string => palette[place % palette.length]!;

/**
 * Training error (dashed) and validation error of several trainings over the epochs, as SVG: figure 1 of He et al. 2015,
 * arXiv:1512.03385, in one chart, as their figure 6.
 *
 * @param validation what the validation images are called: `test` where they are the test images
 */
export const errorChart = (
  trainings: ReadonlyMap<string, readonly EpochMetrics[]>,
  validation = "validation",
): string =>
  lineChart({
    title: "Error",
    note: `Dashed: training. Solid: ${validation}.`,
    x: { name: "Epoch" },
    y: { name: "Samples classified wrongly", from: 0, format: (value) => `${value} %` },
    curves: [...trainings].flatMap(([name, metrics], place) => {
      const colour = colourOf(place);
      const error = (epoch: number, accuracy: number) =>
        [epoch, Math.round((1 - accuracy) * 1e6) / 1e4] as const;
      return [
        {
          name: "",
          colour,
          dashed: true,
          points: metrics.map(({ epoch, trainAccuracy }) => error(epoch, trainAccuracy)),
        },
        {
          name,
          colour,
          points: metrics.map(({ epoch, validAccuracy }) => error(epoch, validAccuracy)),
        },
      ];
    }),
  });

/**
 * How large the gradient is in each layer, as SVG: layers from the image to the logits, on a logarithmic axis.
 *
 * @param norms of each model, as `gradientNorms` gives them
 */
export const gradientChart = (norms: ReadonlyMap<string, ReadonlyMap<string, number>>): string =>
  lineChart({
    title: "Gradient norms",
    note: "Of the loss of one batch, in the weights of each layer, before training",
    x: { name: "Layer, from the image to the logits" },
    y: { name: "Euclidean norm", scale: "log" },
    curves: [...norms].map(([name, byLayer], place) => ({
      name,
      colour: colourOf(place),
      points: [...byLayer.values()].map((norm, i) => [i + 1, norm]),
    })),
  });
