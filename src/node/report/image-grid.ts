import { isInFiles, type LabelledImages } from "../../data/image-files.js";
import type { ImageBytes } from "../../data/transforms/image-bytes.js";
import type { TransformList } from "../../data/transforms/transform.js";
import type { Figure } from "../../report/figure.js";
import { colours, fitText, heading, svgFile, textAt, textWidth } from "../../report/svg.js";
import type { SampleScores } from "../../train/scores.js";
import { loadImage } from "../data/loader/load-image.js";
import { drawImage } from "./picture.js";

/** One image of a grid, with two lines of text below it. */
export interface Tile {
  readonly image: ImageBytes;
  readonly heading: Label;
  readonly headingColour: string;
  readonly detail: Label;
}

/** A name, cut off if it is too long, and what stands behind it, which is never cut off. */
export interface Label {
  readonly name: string;
  readonly end?: string;
}

/** Reads images by row; those of files are decoded in colour and transformed. */
export function imageOf(
  labelled: LabelledImages,
  transforms: TransformList = [],
): (row: number) => ImageBytes | Promise<ImageBytes> {
  if (isInFiles(labelled)) {
    return (row) =>
      loadImage({ file: labelled.files[row]!, channels: 3, transforms, key: null, shape: null });
  }
  const { images } = labelled;
  const [, height = 0, width = 0, channels = 0] = images.shape;
  const size = height * width * channels;
  return (row) => ({
    height,
    width,
    channels,
    data: images.data.subarray(row * size, (row + 1) * size),
  });
}

const imageSide = 96;
const column = imageSide + 32;
const row = imageSide + 50;
const margin = 20;
const [fewest, most] = [4, 8];

/** Images in rows of the same length, of up to eight, with the pixels inside; fewer images make a smaller picture. */
export async function imageGrid(
  title: string,
  notes: readonly (string | undefined)[],
  tiles: readonly Tile[],
): Promise<Figure> {
  const rows = Math.ceil(tiles.length / most);
  const columns = Math.max(fewest, Math.ceil(tiles.length / Math.max(1, rows))); // little blank paper in the last row
  const width = 2 * margin + columns * column;
  const top = heading(title, notes, width);
  const drawn = tiles.map((tile, place) =>
    drawTile(
      tile,
      margin + (place % columns) * column,
      top.height + 8 + Math.floor(place / columns) * row,
    ),
  );
  return svgFile(width, top.height + 20 + rows * row, top.svg, ...(await Promise.all(drawn)));
}

async function drawTile(tile: Tile, x: number, y: number): Promise<string> {
  const line = ({ name, end = "" }: Label, top: number, fill?: string): string => {
    const room = column - 8 - textWidth(end, 12);
    const style = { anchor: "middle", ...(fill && { fill }) } as const;
    return textAt(x + column / 2, y + imageSide + top, fitText(name, 12, room) + end, style);
  };
  return [
    await drawImage(tile.image, x + (column - imageSide) / 2, y, imageSide),
    line(tile.heading, 13, tile.headingColour),
    line(tile.detail, 29),
  ].join("");
}

/** Samples with their images, and what a model made of them. */
export interface ScoredImages {
  readonly scores: SampleScores;
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  readonly readImage: (row: number) => ImageBytes | Promise<ImageBytes>;
  /** The model and the run, for a line below the title. Default: no such line. */
  readonly about?: string;
}

const mostImages = 32;

/** Up to 32 images from all over the data set, with prediction and truth. */
export async function predictionGrid(images: ScoredImages): Promise<Figure> {
  const rows = images.labels.length;
  const count = Math.min(mostImages, rows);
  const chosen = Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count));
  const { ranks } = images.scores;
  const right = chosen.filter((row) => ranks[row] === 0).length;
  const note = `${right} of these ${count} are right: prediction with its probability, then the truth`;
  return imageGrid("Predictions", [images.about, note], await tilesOf(chosen, images));
}

/** The up to 32 images with the highest loss that were taken for another class, worst first. */
export async function mistakeGrid(images: ScoredImages): Promise<Figure> {
  const { losses, ranks } = images.scores;
  const wrong = Array.from(ranks.keys()).filter((row) => ranks[row]! > 0);
  const worst = wrong.sort((a, b) => losses[b]! - losses[a]!).slice(0, mostImages);
  const note = `The highest losses among ${wrong.length} mistakes in ${ranks.length} images: prediction, then the truth, with their probabilities`;
  return imageGrid("Worst mistakes", [images.about, note], await tilesOf(worst, images));
}

const tilesOf = (rows: readonly number[], images: ScoredImages): Promise<Tile[]> =>
  Promise.all(rows.map((row) => tileOf(row, images)));

async function tileOf(row: number, images: ScoredImages): Promise<Tile> {
  const { scores, labels, classes, readImage } = images;
  const name = (index: number): string => classes[index] ?? String(index);
  const isRight = scores.ranks[row] === 0;
  const truth = { name: `is ${name(labels[row]!)}` };
  return {
    image: await readImage(row),
    heading: {
      name: name(scores.predictions[row]!),
      end: ` ${formatShare(scores.confidences[row]!)}`,
    },
    headingColour: isRight ? colours.blue : colours.orange,
    detail: isRight ? truth : { ...truth, end: ` ${formatShare(Math.exp(-scores.losses[row]!))}` },
  };
}

/** `97 %`, `0.3 %`, `< 0.1 %`: rounded, but never to none. */
export function formatShare(share: number): string {
  const value = 100 * share;
  if (value >= 0.95) return `${Math.round(value)} %`;
  return value >= 0.1 ? `${value.toFixed(1)} %` : "< 0.1 %";
}
