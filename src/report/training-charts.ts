import type { LoggedStep } from "../train/callbacks.js";
import type { LearningRateSearch } from "../train/find-learning-rate.js";
import type { EpochMetrics } from "../train/metrics.js";
import type { Figure } from "./figure.js";
import { lineChart, type Curve, type Point } from "./line-chart.js";
import { colourAt, colours } from "./svg.js";

/** The words on a chart that its numbers do not say. */
export interface ChartWords {
  /** The model and the run, for a line below the title. Default: no such line. */
  readonly about?: string;
  /** The name of the validation images: `test` if they are the test images. Default `validation`. */
  readonly validation?: string;
  /** A further line below the title, such as how far a training is. Default: what the chart has to say. */
  readonly note?: string;
}

/** A place on a chart. Within an epoch, its number is a fraction, and there is no validation accuracy yet: NaN. */
export interface AccuracyPoint extends Pick<
  EpochMetrics,
  "epoch" | "trainLoss" | "trainAccuracy" | "validAccuracy"
> {
  /** Any other metric; it is drawn if all its values are between 0 and 1. */
  readonly [metric: `train${string}` | `valid${string}`]: number;
}

/** The rate of a step: of the last one of an epoch, or of one within, where the epoch's number is a fraction. */
export type LearningRatePoint = Pick<EpochMetrics, "epoch" | "learningRate">;

/** The charts that grow with a training, by name of the file. */
export function epochCharts(
  metrics: readonly EpochMetrics[],
  steps: readonly LoggedStep[],
  words?: ChartWords,
): Readonly<Record<"loss" | "accuracy" | "learning-rate", Figure>> {
  const points = pointsOf(metrics, steps);
  const rates = [...metrics, ...steps.map((at) => ({ ...at, epoch: epochOf(at) }))];
  rates.sort((a, b) => a.epoch - b.epoch);
  return {
    loss: lossChart(metrics, words),
    accuracy: accuracyChart(points, words),
    "learning-rate": learningRateChart(rates, words),
  };
}

/** A step within an epoch, as a fraction of the epoch. */
const epochOf = ({ epoch, step, steps }: LoggedStep): number => epoch - 1 + step / steps;

/** Points of a whole training: means over fewer steps would show the noise of single batches. */
const mostPoints = 60;

/**
 * A training after its epochs and, if they are few, after steps within them, in order; an epoch's number is then a fraction.
 * Loss and accuracy of the training images are means over the steps since the point before.
 */
export function pointsOf(
  metrics: readonly EpochMetrics[],
  steps: readonly LoggedStep[],
): AccuracyPoint[] {
  const epochs = Math.max(1, metrics.length, steps.at(-1)?.epoch ?? 0);
  const parts = Math.max(1, Math.floor(mostPoints / epochs));
  const partOf = ({ step, steps: count }: LoggedStep): number => Math.floor((step * parts) / count);
  const within = steps
    .filter((at, i) => {
      const before = steps[i - 1];
      return partOf(at) > (before?.epoch === at.epoch ? partOf(before) : 0);
    })
    .map((at) => ({
      epoch: epochOf(at),
      trainLoss: at.loss,
      trainAccuracy: at.accuracy,
      validAccuracy: NaN,
    }));
  const means = [...metrics, ...within].toSorted((a, b) => a.epoch - b.epoch);
  return means.map((point, i) => {
    const start = Math.ceil(point.epoch) - 1;
    const before = means[i - 1];
    if (!before || before.epoch <= start) return point;
    // Logged means count from the start of the epoch: their difference, each times its steps, is the sum since the last.
    const [done, doneBefore] = [point.epoch - start, before.epoch - start];
    const since = (now: number, then: number): number =>
      (now * done - then * doneBefore) / (done - doneBefore);
    // The last batch of an epoch can be smaller than the others, which counts for less than a step of the chart.
    const [loss, accuracy] = [
      Math.max(0, since(point.trainLoss, before.trainLoss)),
      Math.min(1, Math.max(0, since(point.trainAccuracy, before.trainAccuracy))),
    ];
    return { ...point, trainLoss: loss, trainAccuracy: accuracy };
  });
}

export interface LossChartOptions extends ChartWords {
  /** `twin` gives the validation loss an axis of its own, on the right, as matplotlib's `twinx`. Default `one`. */
  readonly axes?: "one" | "twin";
}

/**
 * Training and validation loss over the epochs on one axis, or each on its own.
 *
 * The first losses of a training can be orders of magnitude above the others. The one axis then ends below them, and a note
 * says how many values lie above it.
 */
export function lossChart(
  metrics: readonly Pick<EpochMetrics, "epoch" | "trainLoss" | "validLoss">[],
  { axes = "one", ...words }: LossChartOptions = {},
): Figure {
  const train = metrics.map(({ epoch, trainLoss }): Point => [epoch, trainLoss]);
  const valid = metrics.map(({ epoch, validLoss }): Point => [epoch, validLoss]);
  const name = words.validation ?? "validation";
  const [training, validation]: [Curve, Curve] = [
    { name: "training", colour: colours.orange, points: train },
    { name, colour: colours.blue, points: valid },
  ];
  if (axes === "one") {
    return lineChart({
      title: "Loss",
      x: epochAxis(metrics),
      ...lossAxis([...train, ...valid]),
      ...words,
      curves: [training, validation],
    });
  }
  return lineChart({
    title: "Loss",
    ...words,
    x: epochAxis(metrics),
    y: { name: "Training loss (nats)", colour: training.colour },
    right: {
      name: `${name[0]!.toUpperCase()}${name.slice(1)} loss (nats)`,
      colour: validation.colour,
    },
    curves: [training, { ...validation, axis: "right" }],
  });
}

/** Ends the axis at twice the ninth decile if the largest value is more than twice that again. */
function lossAxis(points: readonly Point[]) {
  const y = { name: "Loss (nats)", from: 0 };
  const losses = points.map(([, loss]) => loss).filter(Number.isFinite);
  const sorted = losses.toSorted((a, b) => a - b);
  const [usual = 0, largest = 0] = [sorted[Math.floor(0.9 * (sorted.length - 1))], sorted.at(-1)];
  if (largest <= 4 * usual) return { y };
  const digit = 10 ** Math.floor(Math.log10(2 * usual));
  const to = Math.ceil((2 * usual) / digit) * digit;
  const count = losses.filter((loss) => loss > to).length;
  const values = count === 1 ? "1 value lies" : `${count} values lie`;
  return { y: { ...y, to }, note: `${values} above the axis, up to ${largest.toPrecision(3)}` };
}

/**
 * Training loss, and accuracies of training and validation, over the epochs on one chart: what `train_ch6` of
 * "Dive into Deep Learning" draws, but that the loss has an axis of its own and accuracy is in percent. Other metrics
 * between 0 and 1, such as `validTop5`, are drawn beside the accuracies.
 */
export function accuracyChart(metrics: readonly AccuracyPoint[], words: ChartWords = {}): Figure {
  const percents = (key: Share): readonly Point[] =>
    metrics.map((point) => [point.epoch, Math.round((point[key] ?? NaN) * 1e6) / 1e4]);
  const shares: Curve[] = [
    { name: "training accuracy", colour: colours.green, points: percents("trainAccuracy") },
    {
      name: `${words.validation ?? "validation"} accuracy`,
      colour: colours.blue,
      points: percents("validAccuracy"),
    },
    ...otherShares(metrics).map((key, place) => ({
      name: nameOf(key, words.validation),
      colour: otherColours[place % otherColours.length]!,
      points: percents(key),
    })),
  ];
  const values = shares.flatMap(({ points }) => points.map(([, y]) => y));
  const lowest = Math.min(90, ...values.filter(Number.isFinite));
  return lineChart({
    title: "Accuracy",
    ...words,
    x: epochAxis(metrics),
    y: {
      name: shares.length > 2 ? "Share of samples" : "Samples classified correctly",
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
      ...shares,
    ],
  });
}

type Share = `train${string}` | `valid${string}`;

const otherColours = [colours.purple, colours.sky, colours.amber];

/** Metrics that are neither loss nor accuracy and whose values are all between 0 and 1. */
function otherShares(metrics: readonly AccuracyPoint[]): Share[] {
  const keys = new Set(metrics.flatMap((point) => Object.keys(point)));
  return [...keys].filter((key): key is Share => {
    if (!/^(train|valid)(?!Loss$|Accuracy$)/.test(key)) return false;
    const values = metrics.map((point) => point[key as Share] ?? NaN);
    const known = values.filter((value) => !Number.isNaN(value));
    return known.length > 0 && known.every((value) => value >= 0 && value <= 1);
  });
}

/** `validation top5` for `validTop5`. */
function nameOf(key: Share, validation = "validation"): string {
  const metric = key.slice("train".length);
  const part = key.startsWith("train") ? "training" : validation;
  return `${part} ${metric[0]?.toLowerCase() ?? ""}${metric.slice(1)}`;
}

/** The learning rate over a training. */
export const learningRateChart = (
  points: readonly LearningRatePoint[],
  words: ChartWords = {},
): Figure =>
  lineChart({
    title: "Learning rate",
    ...words,
    x: epochAxis(points),
    y: { name: "Learning rate", from: 0 },
    curves: [
      {
        name: "",
        colour: colours.blue,
        points: points.map(({ epoch, learningRate }) => [epoch, learningRate]),
      },
    ],
  });

/** From epoch 0 on if the first has points within. */
const epochAxis = (points: readonly { readonly epoch: number }[]) => ({
  name: "Epoch",
  whole: true,
  ...((points[0]?.epoch ?? 1) < 1 && { from: 0 }),
});

/** The losses of a search over its learning rates, and the rate that it suggests. */
export function learningRateSearchChart(
  { trials, suggestion }: LearningRateSearch,
  words: ChartWords = {},
): Figure {
  // The losses after the fall rise far above it.
  const top = Math.ceil(1.5 * (trials[0]?.smoothedLoss ?? 1));
  const finding =
    suggestion === null
      ? "the loss did not fall"
      : `the loss falls fastest at ${suggestion.toPrecision(2)}`;
  const above = trials.filter(({ loss }) => loss > top).length;
  return lineChart({
    title: "Search for a learning rate",
    note: above === 0 ? finding : `${finding}; losses of steps that lie above the axis: ${above}`,
    ...words,
    x: { name: "Learning rate", scale: "log" },
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
      ...(suggestion === null ? [] : [verticalLine("suggestion", suggestion, top)]),
    ],
  });
}

const verticalLine = (name: string, x: number, top: number): Curve => ({
  name,
  colour: colours.orange,
  dashed: true,
  points: [
    [x, 0],
    [x, top],
  ],
});

/**
 * Training error (dashed) and validation error of several trainings over the epochs: figure 1 of He et al. 2015,
 * arXiv:1512.03385, in one chart, as their figure 6.
 */
export const errorChart = (
  trainings: ReadonlyMap<string, readonly EpochMetrics[]>,
  words: ChartWords = {},
): Figure =>
  lineChart({
    title: "Error",
    note: `Dashed: training. Solid: ${words.validation ?? "validation"}.`,
    ...words,
    x: epochAxis([]),
    y: { name: "Samples classified wrongly", from: 0, format: (value) => `${value} %` },
    curves: [...trainings].flatMap(([name, metrics], place) => {
      const colour = colourAt(place);
      const error = (epoch: number, accuracy: number): Point => [
        epoch,
        Math.round((1 - accuracy) * 1e6) / 1e4,
      ];
      const train = metrics.map(({ epoch, trainAccuracy }) => error(epoch, trainAccuracy));
      const valid = metrics.map(({ epoch, validAccuracy }) => error(epoch, validAccuracy));
      return [
        { name: "", colour, dashed: true, points: train },
        { name, colour, points: valid },
      ];
    }),
  });

/**
 * How large the gradient is in each layer: layers from the image to the logits, on a logarithmic axis.
 *
 * @param norms of each model, as `gradientNorms` gives them
 */
export const gradientChart = (
  norms: ReadonlyMap<string, ReadonlyMap<string, number>>,
  words: ChartWords = {},
): Figure =>
  lineChart({
    title: "Gradient norms",
    note: "Of the loss of one batch, in the weights of each layer, before training",
    ...words,
    x: { name: "Layer, from the image to the logits", whole: true },
    y: { name: "Euclidean norm", scale: "log" },
    curves: [...norms].map(([name, byLayer], place) => ({
      name,
      colour: colourAt(place),
      points: [...byLayer.values()].map((norm, i) => [i + 1, norm]),
    })),
  });
