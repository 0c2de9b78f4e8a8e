import { DataError } from "../../../data/data-error.js";
import { takeFiles, type ImageFiles } from "../../../data/image-files.js";
import type { Transform, TransformList } from "../../../data/transforms/transform.js";
import type { ImageWorkers } from "./image-workers.js";

export interface ReadableFiles {
  readonly images: ImageFiles;
  /** What is wrong with each file that was left out, in order of rows; it names the file. */
  readonly findings: readonly string[];
}

/** Files at a time, so that a queue of millions is never made. */
const chunk = 1000;

/** Nothing is kept of a decoded image but that it was decoded. */
const onePixel: Transform = { type: "centerCrop", size: 1 };

/**
 * Decodes every file once, and leaves out those that cannot be decoded, or that do not fit the transforms to come, such as
 * a line of pixels that would grow too long. So an epoch's batches are known before the first step.
 *
 * @throws {DataError} `ERR_DATA_FOLDER` if a class that had images has none left
 */
export async function readableFiles(
  workers: ImageWorkers,
  images: ImageFiles,
  transforms: TransformList = [],
): Promise<ReadableFiles> {
  const findings: string[] = [];
  const rows: number[] = [];
  for (let start = 0; start < images.files.length; start += chunk) {
    const files = images.files.slice(start, start + chunk);
    const errors = await Promise.all(files.map((file) => errorOf(workers, file, transforms)));
    for (const [i, error] of errors.entries()) {
      if (error) findings.push(error.message);
      else rows.push(start + i);
    }
  }
  const readable = takeFiles(images, rows);
  for (const label of new Set(images.labels)) {
    if (readable.labels.includes(label)) continue;
    const finding = `none of the images of ${images.classes[label]} can be read`;
    throw new DataError("ERR_DATA_FOLDER", `${images.name}: ${finding}; ${findings[0]}`);
  }
  return { images: readable, findings };
}

const unreadable = ["ERR_DATA_IMAGE", "ERR_DATA_SOURCE", "ERR_DATA_TRANSFORM"];

async function errorOf(
  workers: ImageWorkers,
  file: string,
  mustFit: TransformList,
): Promise<DataError | null> {
  const once = { file, channels: 1, transforms: [onePixel], key: null, shape: null } as const;
  try {
    await workers.load({ ...once, mustFit });
    return null;
  } catch (error) {
    if (error instanceof DataError && unreadable.includes(error.code)) return error;
    throw error;
  }
}
