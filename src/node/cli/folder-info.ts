import { countLabels } from "../../data/count-labels.js";
import type { ImageFiles } from "../../data/image-files.js";
import type { ImageFolder } from "../data/images/image-folder.js";
import { formatClassCounts, type CountedPart } from "./class-counts.js";

/** What `resnet data info FOLDER --json` prints: images of each class in each part that there is. */
export const folderDocument = (folder: string, { ignored, ...parts }: ImageFolder): object => ({
  folder,
  classes: parts.train.classes,
  ...Object.fromEntries(
    Object.entries(parts)
      .filter((entry): entry is [string, ImageFiles] => entry[1] !== null)
      .map(([part, { labels, classes }]) => [part, [...countLabels(labels, classes.length)]]),
  ),
  ignored,
});

/** A table of the images of each class in each part that there is. */
export function formatFolder({ ignored, train, valid, test }: ImageFolder): string {
  const parts: CountedPart[] = [
    { title: valid || test ? "training" : "images", images: train },
    ...(valid ? [{ title: "validation", images: valid }] : []),
    ...(test ? [{ title: "test", images: test }] : []),
  ];
  const others = `\n${ignored} other files, which are no images by their names`;
  return formatClassCounts(parts) + (ignored > 0 ? others : "");
}
