import { type ImageFiles, type LabelledImages, labelsOf } from "../../data/image-files.js";
import { type ImageParts, type Split, splitWords } from "../../data/image-parts.js";
import { describeIgnored } from "../data/loader/read-folder.js";
import { countLabels } from "../../data/labels.js";
import { formatTable } from "../../report/format.js";
import { printable } from "../../tensor/printable.js";

/** Images under a heading. */
export interface CountedPart {
  readonly title: string;
  readonly images: LabelledImages;
}

/** More classes than this are told in one line. */
const mostLines = 20;

const enumeration = new Intl.ListFormat("en-GB");

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

/** A summary of the classes in each part: one line if they are even or many, else a table. */
export function summariseClassCounts(parts: readonly CountedPart[]): string {
  const { title, images } = parts[0]!;
  const { classes } = images;
  const counts = parts.map((part) => countLabels(labelsOf(part.images), classes.length));
  if (counts.every((count) => new Set(count).size === 1)) {
    const each = parts.map((part, i) => `${counts[i]![0]} ${part.title}`);
    const noun = classes.length === 1 ? "class" : "classes";
    return `${classes.length} ${noun}, ${enumeration.format(each)} images of each`;
  }
  if (classes.length <= mostLines) return formatClassCounts(parts);
  const first = counts[0]!;
  const [least, most] = [Math.min(...first), Math.max(...first)];
  const example = (count: number): string =>
    `${count} (${printable(classes[first.indexOf(count)]!)})`;
  return `${classes.length} classes, from ${example(least)} to ${example(most)} ${title} images each`;
}

/** The document of `resnet data info FOLDER --json`: the number of images of each class in each part. */
export const folderDocument = (folder: string, { ignored, ...parts }: ImageParts): object => ({
  folder,
  classes: thereOf(parts)[0]![1].classes,
  ...Object.fromEntries(
    thereOf(parts).map(([part, { labels, classes }]) => [
      part,
      [...countLabels(labels, classes.length)],
    ]),
  ),
  ignored,
});

/** A table of the images of each class in each part that there is. */
export function formatFolder({ ignored, ...parts }: ImageParts): string {
  const there = thereOf(parts);
  const isUndivided = there.length === 1 && parts.train !== null;
  const counted = there.map(([part, images]): CountedPart => ({
    title: isUndivided ? "images" : splitWords[part],
    images,
  }));
  return formatClassCounts(counted) + (ignored > 0 ? `\n${describeIgnored(ignored)}` : "");
}

const thereOf = (parts: Omit<ImageParts, "ignored">): (readonly [Split, ImageFiles])[] =>
  (Object.keys(splitWords) as Split[]).flatMap((part) => {
    const images = parts[part];
    return images ? [[part, images] as const] : [];
  });
