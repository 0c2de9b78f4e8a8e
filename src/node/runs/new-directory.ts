import { mkdir, readdir, stat } from "node:fs/promises";
import path from "node:path";
import { readJson, refused, whileReading, whileWriting } from "./run-files.js";
import { lockName, takeDirectory, type DirectoryLock } from "../files/lock-directory.js";

/** The file that marks a run directory. */
export const configFile = "config.json";

/**
 * Makes a directory and locks it for this process.
 *
 * @throws {ResnetError} `ERR_RUN_DIRECTORY` if it is not empty or cannot be made: nothing is overwritten
 */
export const takeNewDirectory = (directory: string): Promise<DirectoryLock> =>
  whileWriting(directory, async () => {
    await makeDirectory(directory);
    return takeDirectory(directory, async (lock) => {
      await requireEmpty(directory);
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

/** Whether a directory exists and is empty, except for the lock of a killed process. */
export const isEmpty = async (directory: string): Promise<boolean> =>
  (await entriesOf(directory).catch(() => null))?.length === 0;

const isMissing = async (directory: string): Promise<boolean> =>
  (await stat(directory).catch(() => undefined)) === undefined;

/** The names of a directory's entries except its lock. */
async function entriesOf(directory: string): Promise<readonly string[]> {
  const names = await whileReading(directory, () => readdir(directory));
  return names.filter((name) => !name.startsWith(lockName));
}

/** @throws {ResnetError} `ERR_RUN_DIRECTORY` if the directory is not empty; it need not exist */
export async function requireEmpty(directory: string): Promise<void> {
  const entries = (await isMissing(directory)) ? [] : await entriesOf(directory);
  if (entries.length === 0) return;
  const some = `${entries.slice(0, 3).join(", ")}${entries.length > 3 ? ", …" : ""}`;
  const begun = await Promise.all(
    ["", ...entries].map((name) =>
      readJson(path.join(directory, name, configFile)).catch(() => undefined),
    ),
  );
  const resume = begun.some((config) => config !== undefined)
    ? `, or go on with --resume ${directory}`
    : "";
  throw refused(`${directory} is not empty (${some}): name another directory with --out${resume}`);
}
