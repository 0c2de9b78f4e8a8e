import type { ImageParts } from "../../../data/image-parts.js";
import { readCsvParts } from "./image-csv.js";
import { readImageParts } from "./image-folder.js";

/** Whether a path is a file that lists images, and not a folder of them. */
export const isImageList = (path: string): boolean => /\.(csv|tsv)$/i.test(path);

/**
 * The images of a folder, or of a CSV file that lists them.
 *
 * @throws {DataError} whatever `readImageParts` and `readCsvParts` find
 */
export const readImagesOnDisk = (path: string): Promise<ImageParts> =>
  isImageList(path) ? readCsvParts(path) : readImageParts(path);
