import { mkdir, readdir } from "node:fs/promises";
import { refused, whileReading, whileWriting } from "./run-error.js";
import { lockName, takeDirectory } from "./lock-directory.js";

/** What says that a directory is a run's, and that it is a comparison's. */
export const configFile = "config.json";
export const comparisonFile = "comparison.json";

/**
 * Makes a directory, and takes it for this process.
 *
 * @returns gives it free
 * @throws {ResnetError} `ERR_RUN_DIRECTORY` if it holds anything already, or cannot be made: nothing is overwritten
 */
export const takeNewDirectory = (directory: string): Promise<() => Promise<void>> =>
  whileWriting(directory, async () => {
    await makeDirectory(directory);
    return takeDirectory(directory, async (unlock) => {
      await checkEmpty(directory);
      return unlock;
    });
  });

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    await mkdir(directory); // says what is wrong, where the recursive call says ENOENT: a read-only file system
  }
}

async function checkEmpty(directory: string): Promise<void> {
  const found = await whileReading(directory, () => readdir(directory));
  const entries = found.filter((name) => !name.startsWith(lockName));
  if (entries.length === 0) return;
  const some = `${entries.slice(0, 3).join(", ")}${entries.length > 3 ? ", …" : ""}`;
  const isBegun = entries.includes(configFile) || entries.includes(comparisonFile);
  const resume = isBegun ? `, or go on with --resume ${directory}` : "";
  throw refused(`${directory} is not empty (${some}): name another directory with --out${resume}`);
}
