import { countLabels } from "../data/count-labels.js";
import { formatTable } from "../report/format-table.js";
import { printable } from "../tensor/printable.js";
import { labelsOf, type LabelledImages } from "../data/labelled-images.js";

/** Images under a heading. */
export interface CountedPart {
  readonly title: string;
  readonly images: LabelledImages;
}

/** More classes than this are told in one line. */
const mostLines = 20;

/** A table of the images of each class in each part. @param parts of the same classes; one at least */
export function formatClassCounts(parts: readonly CountedPart[]): string {
  const { classes } = parts[0]!.images;
  const counts = parts.map(({ images }) => countLabels(labelsOf(images), classes.length));
  const rows = [
    ["class", ...parts.map(({ title }) => title)],
    ...classes.map((name, i) => [printable(name), ...counts.map((count) => String(count[i]))]),
    ["all", ...parts.map(({ images }) => String(labelsOf(images).length))],
  ];
  return formatTable(rows).join("\n");
}

/** The table, or where there are many classes, how much the first part's counts differ. */
export function summariseClassCounts(parts: readonly CountedPart[]): string {
  const { title, images } = parts[0]!;
  const { classes } = images;
  if (classes.length <= mostLines) return formatClassCounts(parts);
  const counts = countLabels(labelsOf(images), classes.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const example = (count: number): string =>
    `${count} (${printable(classes[counts.indexOf(count)]!)})`;
  return `${classes.length} classes, from ${example(least)} to ${example(most)} ${title} images each`;
}
