import type { Figure } from "./figure.js";
import { lineChart, type Curve, type Point } from "./line-chart.js";
import {
  calibration,
  precisionRecallCurves,
  rocCurves,
  type ClassProbabilities,
  type ThresholdCurve,
} from "./probability-curves.js";
import { colourAt, colours, ink } from "./svg.js";
import type { ChartWords } from "./training-charts.js";

const percentAxis = (name: string) => ({
  name,
  from: 0,
  to: 1,
  format: (value: number) => `${Math.round(100 * value)} %`,
});

/** More curves than these could not be told apart. */
const mostCurves = 10;

/** The receiver operating characteristic of each class, with its area; of many classes, the ten with the least areas. */
export const rocChart = (data: ClassProbabilities, { about }: ChartWords = {}): Figure =>
  lineChart({
    title: "Receiver operating characteristic",
    ...(about && { about }),
    shape: "square",
    x: percentAxis("False positive rate: share of other classes' samples taken for the class"),
    y: percentAxis("True positive rate: share of the class's samples found"),
    ...chosenCurves(data.classes, rocCurves(data)),
  });

/** Precision over recall of each class, with the average precision; of many classes, the ten with the least. */
export const precisionRecallChart = (
  data: ClassProbabilities,
  { about }: ChartWords = {},
): Figure =>
  lineChart({
    title: "Precision and recall",
    ...(about && { about }),
    shape: "square",
    x: percentAxis("Recall: share of the class's samples found"),
    y: percentAxis("Precision: share of the class among samples taken for it"),
    ...chosenCurves(data.classes, precisionRecallCurves(data)),
  });

function chosenCurves(classes: readonly string[], all: readonly ThresholdCurve[]) {
  const named = all
    .map(({ points, area }, c) => ({ name: classes[c]!, points, area }))
    .filter(({ area }) => !Number.isNaN(area));
  if (named.length === 0) return { note: "No class has an area: each needs samples", curves: [] };
  const mean = named.reduce((sum, { area }) => sum + area, 0) / named.length;
  const chosen =
    named.length > mostCurves
      ? named.toSorted((a, b) => a.area - b.area).slice(0, mostCurves)
      : named;
  const which =
    chosen.length < named.length ? `The ${chosen.length} least of ${named.length} areas` : "Areas";
  const curves = chosen.map(({ name, points, area }, place): Curve => ({
    name: `${name} ${area.toFixed(4)}`,
    colour: colourAt(place),
    dashed: place >= 7, // the colours begin anew
    dots: false,
    points: thinned(points),
  }));
  return { note: `${which} below the curves beside the names; mean ${mean.toFixed(4)}`, curves };
}

/** Without the points that lie within a pixel of the one before; the ends stay. */
function thinned(points: readonly Point[]): readonly Point[] {
  const kept: Point[] = [];
  points.forEach((point, i) => {
    const before = kept.at(-1);
    const isFar =
      !before || Math.abs(point[0] - before[0]) > 0.002 || Math.abs(point[1] - before[1]) > 0.002;
    if (isFar || i === points.length - 1) kept.push(point);
  });
  return kept;
}

/**
 * Accuracy of the samples over how sure the model is of them, in ten intervals. The dashed diagonal is where both
 * are equal; the other dashed curve is the share of all samples in each interval.
 *
 * @param confidences probability of the predicted class of each sample, 0 … 1
 * @param isRight whether the prediction is the true class
 */
export function calibrationChart(
  confidences: ArrayLike<number>,
  isRight: (sample: number) => boolean,
  { about }: ChartWords = {},
): Figure {
  const { bins, error } = calibration(confidences, isRight);
  const share = (samples: number): number => samples / confidences.length;
  return lineChart({
    title: "Calibration",
    ...(about && { about }),
    ...(bins.length > 0 && { note: `Expected calibration error: ${(100 * error).toFixed(2)} %` }),
    shape: "square",
    x: percentAxis("Confidence: probability of the predicted class"),
    y: percentAxis("Accuracy"),
    right: { ...percentAxis("Share of the samples"), colour: colours.orange },
    curves: [
      {
        name: "calibrated",
        colour: ink.normal,
        dashed: true,
        dots: false,
        points: [
          [0, 0],
          [1, 1],
        ],
      },
      {
        name: "share of the samples",
        colour: colours.orange,
        dashed: true,
        axis: "right",
        points: bins.map(({ confidence, samples }) => [confidence, share(samples)]),
      },
      {
        name: "accuracy",
        colour: colours.blue,
        points: bins.map(({ confidence, accuracy }) => [confidence, accuracy]),
      },
    ],
  });
}
