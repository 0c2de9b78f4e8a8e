import { describeFindings } from "../images/describe-findings.js";
import { scanFiles } from "../images/scan-files.js";
import { describeUnusedBits } from "../images/unused-bits.js";
import type { TransformList } from "../../../data/transforms/transform.js";
import type { ImageFiles } from "../../../data/image-files.js";
import type { ImageParts } from "../../../data/image-parts.js";
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

/** How many files of a folder are left out, and why. */
export const describeIgnored = (ignored: number): string =>
  `${ignored} other ${ignored === 1 ? "file is" : "files are"} left out: in no class's folder, or no images by their names`;
