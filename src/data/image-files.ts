import type { Dataset } from "./dataset.js";

/** Labelled image files: a data set that is read image by image while it is used. */
export interface ImageFiles {
  /** The data set's name and split, for people: `photos train`. */
  readonly name: string;
  /** Path of each row's file. */
  readonly files: readonly string[];
  /** Class of each row, an index into `classes`. */
  readonly labels: Int32Array;
  /** Names of the classes. */
  readonly classes: readonly string[];
}

/** The endings of the files that `decodeImage` reads, in lower case. */
export const imageExtensions: readonly string[] = [
  ".jpg",
  ".jpeg",
  ".jpe",
  ".jfif",
  ".png",
  ".webp",
  ".avif",
  ".gif",
  ".tiff",
  ".tif",
  ".bmp",
  ".ppm",
  ".pgm",
  ".pbm",
  ".pnm",
];

/** The rows of `images` that `rows` lists, in that order. */
export const takeFiles = (images: ImageFiles, rows: ArrayLike<number>): ImageFiles => ({
  ...images,
  files: Array.from(rows, (row) => images.files[row]!),
  labels: Int32Array.from(rows, (row) => images.labels[row]!),
});

/** Labelled images, in memory or in files. */
export type LabelledImages = Dataset | ImageFiles;

export const isInFiles = (images: LabelledImages): images is ImageFiles => "files" in images;

/** Class of each row. */
export const labelsOf = (images: LabelledImages): Int32Array =>
  isInFiles(images) ? images.labels : images.labels.data;
