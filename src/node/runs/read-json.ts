import { readFile } from "node:fs/promises";
import { refused, whileReading } from "./run-error.js";

/**
 * What a JSON file of a run says; undefined if there is no such file.
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
