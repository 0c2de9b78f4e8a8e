import { readImageCsv } from "./image-csv.js";
import { readImageFolder, type ImageFolder } from "./image-folder.js";

/**
 * The images of a folder, or of a CSV file that lists them all as training images.
 *
 * @throws {DataError} whatever `readImageFolder` and `readImageCsv` find
 */
export async function readImagesOnDisk(path: string): Promise<ImageFolder> {
  if (!/\.csv$/i.test(path)) return await readImageFolder(path);
  return { train: await readImageCsv(path), valid: null, test: null, ignored: 0 };
}
