import type { EpochMetrics } from "../train/metrics.js";
import { colours } from "./chart-style.js";
import { lineChart, type Point } from "./line-chart.js";

/**
 * Training and validation loss over the epochs on one axis, as SVG.
 *
 * The first losses of a training can be orders of magnitude above the others. The axis then ends below them, and a note
 * says how many values lie above it.
 *
 * @param validation the name of the validation images: `test` if they are the test images
 */
export function lossChart(metrics: readonly EpochMetrics[], validation = "validation"): string {
  const train = metrics.map(({ epoch, trainLoss }): Point => [epoch, trainLoss]);
  const valid = metrics.map(({ epoch, validLoss }): Point => [epoch, validLoss]);
  const { limit, note } = outlierLimit([...train, ...valid]);
  return lineChart({
    title: "Loss",
    ...(note && { note }),
    x: { name: "Epoch" },
    y: { name: "Loss (nats)", from: 0, ...limit },
    curves: [
      { name: "training", colour: colours.orange, points: train },
      { name: validation, colour: colours.blue, points: valid },
    ],
  });
}

/** Ends the axis at twice the ninth decile if the largest value is more than twice that again. */
function outlierLimit(points: readonly Point[]): {
  readonly limit?: { readonly to: number };
  readonly note?: string;
} {
  const losses = points.map(([, loss]) => loss).filter(Number.isFinite);
  const sorted = losses.toSorted((a, b) => a - b);
  const [usual = 0, largest = 0] = [sorted[Math.floor(0.9 * (sorted.length - 1))], sorted.at(-1)];
  if (largest <= 4 * usual) return {};
  const digit = 10 ** Math.floor(Math.log10(2 * usual));
  const to = Math.ceil((2 * usual) / digit) * digit;
  const count = losses.filter((loss) => loss > to).length;
  const values = count === 1 ? "1 value lies" : `${count} values lie`;
  return { limit: { to }, note: `${values} above the axis, up to ${largest.toPrecision(3)}` };
}
