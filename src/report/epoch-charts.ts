import type { EpochMetrics } from "../train/metrics.js";
import type { LoggedStep } from "../node/runs/step-log.js";
import { accuracyChart, type AccuracyPoint } from "./accuracy-chart.js";
import { learningRateChart, type LearningRatePoint } from "./learning-rate-chart.js";
import { lossChart } from "./loss-chart.js";

/** The charts that grow with a training, as SVG by name of the file. */
export function epochCharts(
  metrics: readonly EpochMetrics[],
  steps: readonly LoggedStep[],
  validation?: string,
): Readonly<Record<string, string>> {
  const points = pointsOf(metrics, steps);
  return {
    loss: lossChart(metrics, validation),
    accuracy: accuracyChart(points, validation),
    "learning-rate": learningRateChart(points),
  };
}

/** A training after its epochs and after steps within them, in order; an epoch's number is then a fraction. */
export const pointsOf = (
  metrics: readonly EpochMetrics[],
  steps: readonly LoggedStep[],
): (AccuracyPoint & LearningRatePoint)[] =>
  [
    ...metrics,
    ...steps.map(({ epoch, step, steps: count, loss, accuracy, learningRate }) => ({
      epoch: epoch - 1 + step / count,
      trainLoss: loss,
      trainAccuracy: accuracy,
      validAccuracy: NaN,
      learningRate,
    })),
  ].toSorted((a, b) => a.epoch - b.epoch);
