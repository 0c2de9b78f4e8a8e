import { colours } from "./chart-style.js";
import { epochChart } from "./epoch-chart.js";
import type { EpochMetrics } from "../train/epoch-metrics.js";

/**
 * Training and validation loss over the epochs, on one axis, as SVG.
 *
 * The first epochs of a training can be off by orders of magnitude; the axis then shows the others, and a note says so.
 */
export function lossChart(metrics: readonly EpochMetrics[]): string {
  const losses = metrics
    .flatMap(({ trainLoss, validLoss }) => [trainLoss, validLoss])
    .filter(Number.isFinite);
  return epochChart(metrics, {
    title: "Loss",
    axisName: "Mean cross-entropy (nats)",
    from: 0,
    ...outlierLimit(losses),
    series: [
      { name: "training", colour: colours.first, valueOf: (row) => row.trainLoss },
      { name: "validation", colour: colours.second, valueOf: (row) => row.validLoss },
    ],
    formatValue: String,
  });
}

/** An end of the axis at twice the ninth decile, where the largest value is more than twice that again. */
function outlierLimit(losses: readonly number[]): { readonly to?: number; readonly note?: string } {
  const sorted = losses.toSorted((a, b) => a - b);
  const [usual = 0, largest = 0] = [sorted[Math.floor(0.9 * (sorted.length - 1))], sorted.at(-1)];
  if (largest <= 4 * usual) return {};
  const digit = 10 ** Math.floor(Math.log10(2 * usual));
  const to = Math.ceil((2 * usual) / digit) * digit;
  const count = losses.filter((loss) => loss > to).length;
  const values = count === 1 ? "1 value lies" : `${count} values lie`;
  return { to, note: `${values} above the axis, up to ${largest.toPrecision(3)}` };
}
