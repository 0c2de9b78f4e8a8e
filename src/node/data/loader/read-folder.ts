import type { ImageFolder } from "../images/image-folder.js";
import { readImagesOnDisk } from "../images/images-on-disk.js";
import { ImageWorkers } from "./image-workers.js";
import { readableFiles } from "./readable-files.js";

export interface ReadFolderOptions {
  /** What a file that cannot be decoded does: `skip` decodes all of them first. Default `fail`, when it is needed. */
  readonly onUnreadable?: "fail" | "skip" | undefined;
  /** Threads that decode; default half of the cores, at most 8. */
  readonly workers?: number | undefined;
  /** Called with a text that lists the files which are left out. */
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/**
 * The images of a folder or a CSV file; where that is asked for, without the files that cannot be decoded.
 *
 * @throws {DataError} as `readImagesOnDisk` and `readableFiles`
 */
export async function readFolder(
  path: string,
  { onUnreadable, workers: count, onNotice }: ReadFolderOptions = {},
): Promise<ImageFolder> {
  const found = await readImagesOnDisk(path);
  if (onUnreadable !== "skip") return found;
  const workers = new ImageWorkers(count);
  try {
    const train = await readableFiles(workers, found.train);
    const valid = found.valid && (await readableFiles(workers, found.valid));
    const test = found.test && (await readableFiles(workers, found.test));
    const findings = [train, valid, test].flatMap((part) => part?.findings ?? []);
    if (findings.length > 0) onNotice?.(describeSkipped(findings));
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

const mostFindings = 10;

function describeSkipped(findings: readonly string[]): string {
  const files = findings.length === 1 ? "1 image file is" : `${findings.length} image files are`;
  const more = findings.length > mostFindings ? [`and ${findings.length - mostFindings} more`] : [];
  const lines = [...findings.slice(0, mostFindings), ...more];
  return [`${files} left out:`, ...lines.map((line) => `  ${line}`)].join("\n");
}
