import type { EpochMetrics } from "../train/metrics.js";
import { colours } from "./chart-style.js";
import { lineChart, type Point } from "./line-chart.js";

/** A place on the chart. Within an epoch, its number is a fraction, and there is no validation accuracy yet: NaN. */
export type AccuracyPoint = Pick<
  EpochMetrics,
  "epoch" | "trainLoss" | "trainAccuracy" | "validAccuracy"
>;

/**
 * Training loss, training accuracy and validation accuracy over the epochs on one chart, as SVG: what `train_ch6` of
 * "Dive into Deep Learning" draws, but that the loss has an axis of its own and accuracy is in percent.
 *
 * @param validation what the validation images are called: `test` where they are the test images
 */
export function accuracyChart(
  metrics: readonly AccuracyPoint[],
  validation = "validation",
): string {
  const train = metrics.map(({ epoch, trainAccuracy }) => percent(epoch, trainAccuracy));
  const valid = metrics.map(({ epoch, validAccuracy }) => percent(epoch, validAccuracy));
  const lowest = Math.min(90, ...[...train, ...valid].map(([, y]) => y).filter(Number.isFinite));
  return lineChart({
    title: "Accuracy",
    x: { name: "Epoch", ...((metrics[0]?.epoch ?? 1) < 1 && { from: 0 }) },
    y: {
      name: "Samples classified correctly",
      from: Math.floor(lowest / 10) * 10,
      to: 100,
      format: (value) => `${value} %`,
    },
    right: { name: "Training loss (nats)", from: 0, colour: colours.orange },
    curves: [
      {
        name: "training loss",
        colour: colours.orange,
        dashed: true,
        axis: "right",
        points: metrics.map(({ epoch, trainLoss }) => [epoch, trainLoss]),
      },
      { name: "training accuracy", colour: colours.green, points: train },
      { name: `${validation} accuracy`, colour: colours.blue, points: valid },
    ],
  });
}

const percent = (epoch: number, share: number): Point => [epoch, Math.round(share * 1e6) / 1e4];
