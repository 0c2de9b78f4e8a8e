import { countLabels } from "../../data/count-labels.js";
import type { ImageFiles } from "../../data/image-files.js";
import type { ImageParts } from "../../data/image-parts.js";
import { splitWords, type Split } from "../../data/split-names.js";
import { describeIgnored } from "../data/loader/read-folder.js";
import { formatClassCounts, type CountedPart } from "./class-counts.js";

/** What `resnet data info FOLDER --json` prints: images of each class in each part that there is. */
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
