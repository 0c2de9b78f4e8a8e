import { requireSquare, type ConfusionMatrix } from "./confusion-matrix.js";
import type { Figure } from "./figure.js";
import { element, fitText, heading, ink, round, svgFile, textAt, textWidth } from "./svg.js";
import type { ChartWords } from "./training-charts.js";

/** Light to dark of one hue: the share of a class's samples that went to the predicted class. */
const shades = [
  [0xf7, 0xfb, 0xff],
  [0xd3, 0xe4, 0xf3],
  [0x9d, 0xc6, 0xe0],
  [0x5a, 0xa1, 0xcf],
  [0x26, 0x76, 0xb8],
  [0x08, 0x47, 0x8d],
] as const;

/** From this share on, the shade is so dark that the count is written in white. */
const whiteTextFrom = 0.55;

/** From this size of a cell on, in pixels, white lines part all cells and counts stand in them. */
const largeCell = 16;

/** The longer side of the whole picture is at most so many pixels: a PNG of it has twice as many. */
const mostPixels = 1000;
const leastText = 6.5;
const [least, right] = [260, 84];

/**
 * A confusion matrix as a heat map: true classes on the rows, predicted classes on the columns. A cell's shade is
 * its share of its row, so that classes of different size compare. Counts stand in cells that are large enough; zeros
 * are left out. Many classes have thinned-out names, lines that divide them in tens, shades by the root of the share, so that
 * single mistakes can be seen, and below the title the pairs that are confused most.
 *
 * @throws {ReportError} `ERR_REPORT_MATRIX` if the matrix is not square or not of that size
 */
export function confusionChart(
  matrix: ConfusionMatrix,
  classes: readonly string[],
  { about }: Pick<ChartWords, "about"> = {},
): Figure {
  requireSquare(matrix, classes, "confusionChart");
  const count = Math.max(1, classes.length);
  const longest = Math.max(0, ...classes.map((name) => textWidth(name, 12)));
  const labelWidth = Math.min(longest, count > 20 ? 110 : 170);
  const angle = count > 40 ? -90 : -45; // of the names of columns, so that they do not meet
  const below = 8 + (angle === -90 ? labelWidth : 0.72 * labelWidth);
  const left = 58 + labelWidth;
  const around = Math.max(left + right, 78 + below + 62);
  const cell = Math.min(52, (mostPixels - around) / count);
  const side = Math.max(cell * count, least);
  const size = side / count;

  const key = "The shade is the share of the true class";
  const notes = isLarge(size)
    ? [about, `${key}, the number counts samples`]
    : [about, key, mostConfused(matrix, classes)];
  const top = heading("Confusion matrix", notes, left + side + right);
  const y = top.height + 12;
  const frame = { x: left, y, size, count: classes.length, angle };
  return svgFile(
    left + side + right,
    y + side + below + 44,
    top.svg,
    element("rect", { x: left, y, width: side, height: side, fill: shade(0, size) }),
    ...matrix.map((row, label) => cellsOf(row, label, frame, matrix)),
    lines(frame),
    ...classLabels(classes, frame, labelWidth),
    textAt(left + side / 2, y + side + below + 24, "Predicted class", axisName),
    textAt(22, y + side / 2, "True class", { ...axisName, rotate: -90 }),
    shadeBar(left + side + 22, y, size),
  );
}

const isLarge = (size: number): boolean => size >= largeCell;

/** The five largest counts beside the diagonal, in words. */
function mostConfused(matrix: ConfusionMatrix, classes: readonly string[]): string | undefined {
  const pairs = matrix
    .flatMap((row, label) => row.map((count, prediction) => ({ label, prediction, count })))
    .filter(({ label, prediction, count }) => label !== prediction && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, 5)
    .map(
      ({ label, prediction, count }) => `${classes[label]} as ${classes[prediction]} (${count})`,
    );
  return pairs.length > 0 ? `Confused most: ${pairs.join(", ")}` : undefined;
}

const axisName = { size: 13, anchor: "middle" } as const;

interface Frame {
  readonly x: number;
  readonly y: number;
  /** Pixels of a cell. */
  readonly size: number;
  readonly count: number;
  /** The rotation of the names of columns, in degrees. */
  readonly angle: number;
}

/** The cells of a row that are not zero. */
function cellsOf(
  row: readonly number[],
  label: number,
  { x, y, size }: Frame,
  matrix: ConfusionMatrix,
): string {
  const support = row.reduce((sum, count) => sum + count, 0);
  const widest = String(matrix.reduce((most, each) => Math.max(most, ...each), 1)).length;
  const textSize = Math.min(13, size / (0.62 * (widest + 1)));
  const cells = row.map((count, prediction) => {
    if (count === 0) return "";
    const share = count / support;
    const place = { x: x + prediction * size, y: y + label * size };
    const square = { ...place, width: size, height: size, fill: shade(share, size) };
    const fill = share >= whiteTextFrom ? "#ffffff" : ink.strong;
    const style = { size: textSize, fill, anchor: "middle" } as const;
    const text = textAt(place.x + size / 2, place.y + size / 2, String(count), style);
    return element("rect", square) + (textSize >= leastText ? text : "");
  });
  return cells.join("");
}

/** White lines between all cells if they are large, else grey ones after every ten or hundred. */
function lines({ x, y, size, count }: Frame): string {
  const step = isLarge(size) ? 1 : size > 2 ? 10 : 100;
  let d = "";
  for (let i = step; i < count; i += step) {
    const [across, down, length] = [x + i * size, y + i * size, count * size].map(round);
    d += `M${across} ${y}v${length}M${x} ${down}h${length}`;
  }
  const [stroke, width] = isLarge(size) ? ["#ffffff", 1] : ["#c3c9d1", 0.5];
  return d && element("path", { d, stroke, "stroke-width": width, fill: "none" });
}

/** Names beside the rows and below the columns, as many as have room. */
function classLabels(classes: readonly string[], frame: Frame, width: number): string[] {
  const { x, y, size, count, angle } = frame;
  const textSize = Math.max(leastText, Math.min(12, 0.95 * size));
  const every = Math.ceil(textSize / (1.1 * size));
  const bottom = y + size * count;
  return classes.map((name, i) => {
    if (i % every !== 0) return "";
    const [middle, text] = [(i + 0.5) * size, fitText(name, textSize, width)];
    const below = { size: textSize, anchor: "end", rotate: angle } as const;
    return (
      textAt(x - 6, y + middle, text, { size: textSize, anchor: "end" }) +
      textAt(x + middle, bottom + 8, text, below)
    );
  });
}

/** The legend of the shades. */
function shadeBar(x: number, y: number, size: number): string {
  const [steps, height] = [25, 6];
  const bar = Array.from({ length: steps }, (_, i) => {
    const fill = shadeAt(1 - i / (steps - 1));
    return element("rect", { x, y: y + i * height, width: 12, height, fill });
  });
  const shares = isLarge(size) ? [1, 0.5, 0] : [1, 0.25, 0.04, 0];
  const labels = shares.map((share) => {
    const place = y + 5 + (1 - darkness(share, size)) * (steps * height - 10);
    return textAt(x + 18, place, `${100 * share} %`, { size: 11 });
  });
  return [...bar, ...labels].join("");
}

const shade = (share: number, size: number): string => shadeAt(darkness(share, size));

/** Where a share stands between the lightest and the darkest shade, 0 … 1. */
const darkness = (share: number, size: number): number =>
  isLarge(size) ? share : Math.sqrt(share);

function shadeAt(dark: number): string {
  const at = dark * (shades.length - 1);
  const low = Math.min(Math.floor(at), shades.length - 2);
  const bytes = shades[low]!.map((byte, c) => byte + (at - low) * (shades[low + 1]![c]! - byte));
  return `#${bytes.map((byte) => Math.round(byte).toString(16).padStart(2, "0")).join("")}`;
}
