import type { Dataset } from "./dataset.js";
import type { ImageFiles } from "./image-files.js";

/** Labelled images, in memory or in files. */
export type LabelledImages = Dataset | ImageFiles;

export const isInFiles = (images: LabelledImages): images is ImageFiles => "files" in images;

/** Class of each row. */
export const labelsOf = (images: LabelledImages): Int32Array =>
  isInFiles(images) ? images.labels : images.labels.data;
