import { ResnetError } from "../tensor/error.js";

/** What is wrong with the directory of a run. */
export const refused = (message: string, cause?: unknown): ResnetError =>
  new ResnetError("ERR_RUN_DIRECTORY", message, { cause });

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; what was saved before is whole",
  EDQUOT: "your quota is used up; what was saved before is whole",
  EROFS: "the file system is read-only",
};

/** Runs what writes in a directory; errors of the file system become one sentence. */
export async function withReason<Result>(
  directory: string,
  write: () => Promise<Result>,
): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof ResnetError) throw error;
    const { code = String(error) } = error as NodeJS.ErrnoException;
    const reason = reasons[code] === undefined ? code : `${code}: ${reasons[code]}`;
    throw refused(`${directory} cannot be written (${reason})`, error);
  }
}
