import { readFile } from "node:fs/promises";
import { fileErrorReason } from "../files/file-error.js";
import type { DirectoryLock } from "../files/lock-directory.js";
import { ResnetError } from "../../tensor/error.js";

/** An error about the directory of a run. */
export const refused = (message: string, cause?: unknown): ResnetError =>
  new ResnetError("ERR_RUN_DIRECTORY", message, { cause });

/** Runs a function that writes in a locked directory. @throws {ResnetError} `ERR_RUN_DIRECTORY` if the lock was lost */
export const whileHolding = <Result>(
  directory: string,
  lock: DirectoryLock,
  write: () => Promise<Result>,
): Promise<Result> =>
  whileWriting(directory, async () => {
    if (await lock.isHeld()) return write();
    throw refused(
      `${directory} is no longer the directory that this training began in: somebody deleted, moved or replaced it`,
    );
  });

/** Runs a function that writes in a directory; errors of the file system become a sentence. */
export const whileWriting = <Result>(
  directory: string,
  write: () => Promise<Result>,
): Promise<Result> =>
  inWords(write, (error) => {
    const { code = "" } = error as NodeJS.ErrnoException;
    const rest = ["ENOSPC", "EDQUOT"].includes(code) ? "; what was saved before is whole" : "";
    return `${directory} cannot be written (${fileErrorReason(error)})${rest}`;
  });

/** Runs a function that reads a file or directory; errors of the file system become a sentence. */
export const whileReading = <Result>(file: string, read: () => Promise<Result>): Promise<Result> =>
  inWords(read, (error) => `${file} cannot be read (${fileErrorReason(error)})`);

async function inWords<Result>(
  work: () => Promise<Result>,
  sentence: (error: unknown) => string,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ResnetError) throw error;
    throw refused(sentence(error), error);
  }
}

/**
 * The content of a JSON file of a run; undefined if there is no such file.
 *
 * @throws {ResnetError} `ERR_RUN_DIRECTORY` if it cannot be read, or is not JSON
 */
export async function readJson(file: string): Promise<unknown> {
  const text = await whileReading(file, () => readIfThere(file));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refused(`${file} is not JSON: ${(error as Error).message}`, error);
  }
}

const readIfThere = (file: string): Promise<string | undefined> =>
  readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
    return undefined;
  });
