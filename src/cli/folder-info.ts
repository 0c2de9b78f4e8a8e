import { countByClass, type ImageFiles } from "../data/images/image-files.js";
import type { ImageFolder } from "../data/images/image-folder.js";

/** What `resnet data info FOLDER --json` prints: images of each class in each part that there is. */
export const folderDocument = (folder: string, { ignored, ...parts }: ImageFolder): object => ({
  folder,
  classes: parts.train.classes,
  ...Object.fromEntries(
    Object.entries(parts)
      .filter((entry): entry is [string, ImageFiles] => entry[1] !== null)
      .map(([part, images]) => [part, [...countByClass(images)]]),
  ),
  ignored,
});

/** A table of the images of each class in each part that there is. */
export function formatFolder({ ignored, train, valid, test }: ImageFolder): string {
  const parts = [
    { title: valid || test ? "training" : "images", images: train },
    { title: "validation", images: valid },
    { title: "test", images: test },
  ].filter((part): part is { title: string; images: ImageFiles } => part.images !== null);
  const counts = parts.map(({ images }) => countByClass(images));
  const rows = [
    ["class", ...parts.map(({ title }) => title)],
    ...train.classes.map((name, i) => [name, ...counts.map((count) => String(count[i]))]),
    ["all", ...parts.map(({ images }) => String(images.files.length))],
  ];
  const passedOver =
    ignored === 0 ? "" : `\n${ignored} other files, which are no images by their names`;
  return formatTable(rows) + passedOver;
}

/** Columns two spaces apart: the first to the left, numbers to the right. */
function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ");
  return rows.map(line).join("\n");
}
