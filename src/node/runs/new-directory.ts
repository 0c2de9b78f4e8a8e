import { mkdir, readdir } from "node:fs/promises";
import { refused, whileReading, whileWriting } from "./run-error.js";
import { lockName, takeDirectory, type DirectoryLock } from "./lock-directory.js";

/** What says that a directory is a run's, and that it is a comparison's. */
export const configFile = "config.json";
export const comparisonFile = "comparison.json";

/**
 * Makes a directory, and takes it for this process.
 *
 * @throws {ResnetError} `ERR_RUN_DIRECTORY` if it holds anything already, or cannot be made: nothing is overwritten
 */
export const takeNewDirectory = (directory: string): Promise<DirectoryLock> =>
  whileWriting(directory, async () => {
    await makeDirectory(directory);
    return takeDirectory(directory, async (lock) => {
      await checkEmpty(directory);
      return lock;
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

/** Whether a directory is there and holds nothing, but perhaps the lock of a process that was killed. */
export const isEmpty = async (directory: string): Promise<boolean> =>
  (await entriesOf(directory).catch(() => null))?.length === 0;

/** The names of what a directory holds besides its lock. */
async function entriesOf(directory: string): Promise<readonly string[]> {
  const names = await whileReading(directory, () => readdir(directory));
  return names.filter((name) => !name.startsWith(lockName));
}

async function checkEmpty(directory: string): Promise<void> {
  const entries = await entriesOf(directory);
  if (entries.length === 0) return;
  const some = `${entries.slice(0, 3).join(", ")}${entries.length > 3 ? ", …" : ""}`;
  const isBegun = entries.includes(configFile) || entries.includes(comparisonFile);
  const resume = isBegun ? `, or go on with --resume ${directory}` : "";
  throw refused(`${directory} is not empty (${some}): name another directory with --out${resume}`);
}
