import { DataError } from "../../../data/data-error.js";
import { type ImageFiles, takeFiles } from "../../../data/image-files.js";
import type { ImageParts } from "../../../data/image-parts.js";
import type { Transform, TransformList } from "../../../data/transforms/transform.js";
import { readImagesOnDisk } from "../images/images-on-disk.js";
import { describeFindings, describeUnusedBits, scanFiles } from "../images/scan-files.js";
import { ImageWorkers } from "./image-workers.js";

export interface ReadFolderOptions {
  /**
   * What to do with undecodable files: `skip` decodes all files first and leaves these out; `fail`, the default,
   * fails when the file is needed.
   */
  readonly onUnreadable?: "fail" | "skip" | undefined;
  /** Transforms of the evaluation: `skip` also leaves out images that do not fit them. */
  readonly transforms?: TransformList | undefined;
  /** Threads that decode. Default: half of the cores, at most 8. */
  readonly workers?: number | undefined;
  /** Called with notices, such as the list of files that are left out. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/**
 * Finds the images of a folder or a CSV file; with `onUnreadable: "skip"`, without the undecodable files.
 *
 * @throws {DataError} as `readImagesOnDisk`, `scanFiles` and `readableFiles`
 */
export async function readFolder(
  path: string,
  { onUnreadable, transforms, workers: count, onNotice }: ReadFolderOptions = {},
): Promise<ImageParts> {
  const found = await readImagesOnDisk(path);
  if (found.ignored > 0) onNotice?.(describeIgnored(found.ignored));
  const files = [found.train, found.valid, found.test].flatMap((part) => part?.files ?? []);
  const unusedBits = onNotice && (await describeUnusedBits(files));
  if (unusedBits) onNotice(unusedBits);
  if (onUnreadable !== "skip") {
    scanFiles(files);
    return found;
  }
  const workers = new ImageWorkers(count);
  const findings: string[] = [];
  const readable = async (part: ImageFiles | null): Promise<ImageFiles | null> => {
    if (!part) return null;
    const { images, findings: own } = await readableFiles(workers, part, transforms);
    findings.push(...own);
    return images;
  };
  try {
    const train = await readable(found.train);
    const valid = await readable(found.valid);
    const test = await readable(found.test);
    if (findings.length > 0) {
      const verb = findings.length === 1 ? "is left out" : "are left out";
      onNotice?.(describeFindings(findings, verb));
    }
    return { ...found, train, valid, test };
  } finally {
    await workers.close();
  }
}

/** Says how many files of a folder are left out, and why. */
export const describeIgnored = (ignored: number): string =>
  `${ignored} other ${ignored === 1 ? "file is" : "files are"} left out: outside of the classes' folders, or without an image's extension`;

export interface ReadableFiles {
  readonly images: ImageFiles;
  /** The finding on each file that was left out, in order of rows, with the file's name. */
  readonly findings: readonly string[];
}

/** Files that are queued at the same time, which limits the queue. */
const chunk = 1000;

/** Keeps only one pixel, since only success matters. */
const onePixel: Transform = { type: "centerCrop", size: 1 };

/**
 * Decodes every file once, and leaves out those that cannot be decoded or do not fit the transforms, so that an
 * epoch's batches are known before the first step.
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
