import { existsSync } from "node:fs";
import { DataError } from "../../../data/data-error.js";
import { listDatasets } from "../../../data/dataset-info.js";
import type { ImageParts } from "../../../data/image-parts.js";
import { didYouMean } from "../../../tensor/did-you-mean.js";
import { readCsvParts } from "./image-csv.js";
import { readImageParts } from "./image-folder.js";

/** Whether a path names a CSV file that lists images, by its extension. */
export const isImageList = (path: string): boolean => /\.(csv|tsv)$/i.test(path);

/**
 * Finds the images of a folder or of a CSV file.
 *
 * @throws {DataError} the codes of `readImageParts` and `readCsvParts`
 */
export const readImagesOnDisk = (path: string): Promise<ImageParts> =>
  isImageList(path) ? readCsvParts(path) : readImageParts(path);

/**
 * Whether `data` is a path, and not the name of a known data set. A folder with such a name is written as a path:
 * `./fashion-mnist`.
 *
 * @throws {DataError} `ERR_DATA_NAME` if it is neither
 */
export function isOnDisk(data: string): boolean {
  const names = listDatasets().map(({ name }) => name);
  if (names.includes(data)) return false;
  if (existsSync(data)) return true;
  if (data === "") {
    throw new DataError("ERR_DATA_NAME", "no data was given: give a folder of images with --data");
  }
  if (isImageList(data)) throw new DataError("ERR_DATA_NAME", `${data}: there is no such file`);
  throw new DataError(
    "ERR_DATA_NAME",
    `no data set is named '${data}'${didYouMean(data, names)}, and there is no such file or folder; data sets: ${names.join(", ")}`,
  );
}
