import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import path from "node:path";
import { DataError } from "../../data/data-error.js";
import { type LabelledImages, isInFiles } from "../../data/image-files.js";
import { type Split, splitWords } from "../../data/image-parts.js";
import { isImageList } from "./images/images-on-disk.js";
import type { DataParts } from "./load-parts.js";

/** A SHA-256 of each part of a training's images, in hexadecimal digits. */
export type DataFingerprint = Readonly<Record<Split, string>>;

/**
 * What tells the images of a training from others: of files, their names below the folder, sizes and classes, in order; of
 * images in memory, their pixels and classes. Nothing in it depends on where the folder lies.
 *
 * @param data the folder or the CSV file that the images are of
 */
export async function fingerprintOf(parts: DataParts, data: string): Promise<DataFingerprint> {
  const folder = isImageList(data) ? path.dirname(data) : data;
  const train = await digestOf(parts.train, folder);
  const valid = await digestOf(parts.valid, folder);
  const test = parts.test === parts.valid ? valid : await digestOf(parts.test, folder);
  return { train, valid, test };
}

/**
 * Refuses images that are not those of the training, though as many.
 *
 * @param then the training's; undefined, as of runs of earlier versions, is compared with nothing
 * @param splits what to compare
 * @param run what was trained, for the error
 * @throws {DataError} `ERR_DATA_CHECKSUM` that names the part which changed
 */
export function checkFingerprint(
  then: DataFingerprint | undefined,
  now: DataFingerprint,
  splits: readonly Split[],
  run: string,
): void {
  const changed = splits.find((split) => then && then[split] !== now[split]);
  if (!changed) return;
  throw new DataError(
    "ERR_DATA_CHECKSUM",
    `the ${splitWords[changed]} images are not those of ${run}: there are as many, but a file was added, removed, ` +
      "renamed or changed since, or files are left out that were not (--on-unreadable); restore the data as it was",
  );
}

/** Files whose sizes are asked for at a time. */
const chunk = 256;

async function digestOf(images: LabelledImages, folder: string): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify(images.classes));
  if (!isInFiles(images)) {
    const { shape, data } = images.images;
    return hash.update(JSON.stringify(shape)).update(data).update(images.labels.data).digest("hex");
  }
  for (let start = 0; start < images.files.length; start += chunk) {
    const files = images.files.slice(start, start + chunk);
    const sizes = await Promise.all(files.map(sizeOf));
    const rows = files.map((file, i) => {
      const name = path.relative(folder, file).normalize("NFC");
      return [name, sizes[i], images.labels[start + i]];
    });
    hash.update(JSON.stringify(rows));
  }
  return hash.digest("hex");
}

/** Bytes of a file; null of one that is not there, which is found when it is read. */
const sizeOf = (file: string): Promise<number | null> =>
  stat(file).then(
    ({ size }) => size,
    () => null,
  );
