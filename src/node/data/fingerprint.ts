import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import path from "node:path";
import { DataError } from "../../data/data-error.js";
import { type LabelledImages, isInFiles } from "../../data/image-files.js";
import { type Split, splitWords } from "../../data/image-parts.js";
import { isImageList } from "./images/images-on-disk.js";
import type { DataParts } from "./load-parts.js";

/** The SHA-256 of the images of each part, in hexadecimal. */
export type DataFingerprint = Readonly<Record<Split, string>>;

/**
 * Computes a digest of each part's images: for files, of their names below the folder, sizes and labels, in order;
 * for images in memory, of their pixels and labels. The location of the folder does not matter.
 *
 * @param data the folder or CSV file of the images
 */
export async function fingerprintOf(parts: DataParts, data: string): Promise<DataFingerprint> {
  const folder = isImageList(data) ? path.dirname(data) : data;
  const train = await digestOf(parts.train, folder);
  const valid = await digestOf(parts.valid, folder);
  const test = parts.test === parts.valid ? valid : await digestOf(parts.test, folder);
  return { train, valid, test };
}

/**
 * Checks that images are those of an earlier training.
 *
 * @param then the training's fingerprint; undefined (runs of earlier versions) accepts any images
 * @param splits the parts to compare
 * @param run the run's directory, for the error
 * @throws {DataError} `ERR_DATA_CHECKSUM` naming the part that changed
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
    `the ${splitWords[changed]} images are not those of ${run}: a file was added, removed, renamed or ` +
      "changed, or --on-unreadable left out other files; restore the data as it was",
  );
}

/** Files whose sizes are read at the same time. */
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

/** The bytes of a file; null if it does not exist, which is reported when the file is read. */
const sizeOf = (file: string): Promise<number | null> =>
  stat(file).then(
    ({ size }) => size,
    () => null,
  );
