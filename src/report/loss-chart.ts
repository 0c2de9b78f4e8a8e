import type { EpochMetrics } from "../train/metrics.js";
import { colours } from "./chart-style.js";
import { lineChart, type Point } from "./line-chart.js";

/**
 * Training and validation loss over the epochs, each on an axis of its own, as SVG: `plot_train_val` of the
 * notebook behind `fashion-resnet34`.
 *
 * The first epochs of a training can be off by orders of magnitude; an axis then shows the others, and a note says so.
 *
 * @param validation what the validation images are called: `test` where they are the test images
 */
export function lossChart(metrics: readonly EpochMetrics[], validation = "validation"): string {
  const train = metrics.map(({ epoch, trainLoss }): Point => [epoch, trainLoss]);
  const valid = metrics.map(({ epoch, validLoss }): Point => [epoch, validLoss]);
  const [left, right] = [outlierLimit("training", train), outlierLimit(validation, valid)];
  const notes = [left, right].flatMap(({ note }) => note ?? []);
  return lineChart({
    title: "Loss",
    ...(notes.length > 0 && { note: notes.join("; ") }),
    x: { name: "Epoch" },
    y: { name: "Training loss (nats)", from: 0, ...left.limit, colour: colours.orange },
    right: {
      name: `${validation[0]!.toUpperCase()}${validation.slice(1)} loss (nats)`,
      from: 0,
      ...right.limit,
      colour: colours.blue,
    },
    curves: [
      { name: "training", colour: colours.orange, points: train },
      { name: validation, colour: colours.blue, axis: "right", points: valid },
    ],
  });
}

/** An end of the axis at twice the ninth decile, where the largest value is more than twice that again. */
function outlierLimit(
  name: string,
  points: readonly Point[],
): { readonly limit?: { readonly to: number }; readonly note?: string } {
  const losses = points.map(([, loss]) => loss).filter(Number.isFinite);
  const sorted = losses.toSorted((a, b) => a - b);
  const [usual = 0, largest = 0] = [sorted[Math.floor(0.9 * (sorted.length - 1))], sorted.at(-1)];
  if (largest <= 4 * usual) return {};
  const digit = 10 ** Math.floor(Math.log10(2 * usual));
  const to = Math.ceil((2 * usual) / digit) * digit;
  const count = losses.filter((loss) => loss > to).length;
  const values = count === 1 ? `1 ${name} value lies` : `${count} ${name} values lie`;
  return {
    limit: { to },
    note: `${values} above the axis, up to ${largest.toPrecision(3)}`,
  };
}
