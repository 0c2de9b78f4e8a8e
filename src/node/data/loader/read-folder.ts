import { describeFindings } from "../images/describe-findings.js";
import { scanFiles } from "../images/scan-files.js";
import { describeUnusedBits } from "../images/unused-bits.js";
import type { TransformList } from "../../../data/transforms/transform.js";
import type { ImageFolder } from "../images/image-folder.js";
import { readImagesOnDisk } from "../images/images-on-disk.js";
import { ImageWorkers } from "./image-workers.js";
import { readableFiles } from "./readable-files.js";

export interface ReadFolderOptions {
  /** What a file that cannot be decoded does: `skip` decodes all of them first. Default `fail`, when it is needed. */
  readonly onUnreadable?: "fail" | "skip" | undefined;
  /** Transforms of the evaluation: skipping also leaves out images that do not fit them. */
  readonly transforms?: TransformList | undefined;
  /** Threads that decode; default half of the cores, at most 8. */
  readonly workers?: number | undefined;
  /** Called with a text that lists the files which are left out. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/**
 * The images of a folder or a CSV file; where that is asked for, without the files that cannot be decoded.
 *
 * @throws {DataError} as `readImagesOnDisk`, `scanFiles` and `readableFiles`
 */
export async function readFolder(
  path: string,
  { onUnreadable, transforms, workers: count, onNotice }: ReadFolderOptions = {},
): Promise<ImageFolder> {
  const found = await readImagesOnDisk(path);
  const files = [found.train, found.valid, found.test].flatMap((part) => part?.files ?? []);
  const unusedBits = onNotice && (await describeUnusedBits(files));
  if (unusedBits) onNotice(unusedBits);
  if (onUnreadable !== "skip") {
    scanFiles(files);
    return found;
  }
  const workers = new ImageWorkers(count);
  try {
    const train = await readableFiles(workers, found.train, transforms);
    const valid = found.valid && (await readableFiles(workers, found.valid, transforms));
    const test = found.test && (await readableFiles(workers, found.test, transforms));
    const findings = [train, valid, test].flatMap((part) => part?.findings ?? []);
    if (findings.length > 0)
      onNotice?.(
        describeFindings(findings, findings.length === 1 ? "is left out" : "are left out"),
      );
    return {
      ...found,
      train: train.images,
      valid: valid?.images ?? null,
      test: test?.images ?? null,
    };
  } finally {
    await workers.close();
  }
}
