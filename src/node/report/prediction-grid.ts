import type { SampleScores } from "../../train/scores.js";
import { colours } from "../../report/chart-style.js";
import type { ImageBytes } from "../../data/transforms/image-bytes.js";
import { imageGrid, type Tile } from "./image-grid.js";

/** Samples with their images, and what a model made of them. */
export interface ScoredImages {
  readonly scores: SampleScores;
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  readonly readImage: (row: number) => ImageBytes | Promise<ImageBytes>;
}

const most = 32;

/** Up to 32 images from all over the data set, with prediction and truth, as SVG. */
export function predictionGrid(images: ScoredImages): Promise<string> {
  const rows = images.labels.length;
  const count = Math.min(most, rows);
  const chosen = Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count));
  const { ranks } = images.scores;
  const right = chosen.filter((row) => ranks[row] === 0).length;
  const note = `${right} of these ${count} are right: prediction with its probability, then the truth`;
  return gridOf("Predictions", note, chosen, images);
}

/** The up to 32 images with the highest loss that were taken for another class, worst first, as SVG. */
export function mistakeGrid(images: ScoredImages): Promise<string> {
  const { losses, ranks } = images.scores;
  const wrong = Array.from(ranks.keys()).filter((row) => ranks[row]! > 0);
  const worst = wrong.sort((a, b) => losses[b]! - losses[a]!).slice(0, most);
  const note = `The highest losses among ${wrong.length} mistakes in ${ranks.length} images: prediction, then the truth, with their probabilities`;
  return gridOf("Worst mistakes", note, worst, images);
}

async function gridOf(
  title: string,
  note: string,
  rows: readonly number[],
  images: ScoredImages,
): Promise<string> {
  return imageGrid(title, note, await Promise.all(rows.map((row) => tileOf(row, images))));
}

async function tileOf(row: number, images: ScoredImages): Promise<Tile> {
  const { scores, labels, classes, readImage } = images;
  const name = (index: number): string => classes[index] ?? String(index);
  const isRight = scores.ranks[row] === 0;
  const truth = `is ${name(labels[row]!)}`;
  return {
    image: await readImage(row),
    heading: `${name(scores.predictions[row]!)} ${percent(scores.confidences[row]!)}`,
    headingColour: isRight ? colours.blue : colours.orange,
    detail: isRight ? truth : `${truth} ${percent(Math.exp(-scores.losses[row]!))}`,
  };
}

/** `97 %`, `0.3 %`, `< 0.1 %`: rounded, but never to none. */
function percent(share: number): string {
  const value = 100 * share;
  if (value >= 0.95) return `${Math.round(value)} %`;
  return value >= 0.1 ? `${value.toFixed(1)} %` : "< 0.1 %";
}
