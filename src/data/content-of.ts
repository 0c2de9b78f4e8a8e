import { DataError } from "./data-error.js";

/**
 * The bytes of one file of a data set.
 *
 * @throws {DataError} `ERR_DATA_NOT_FOUND` if it is not in `contents`
 */
export function contentOf(
  dataset: string,
  contents: ReadonlyMap<string, Uint8Array>,
  file: string,
): Uint8Array {
  const bytes = contents.get(file);
  if (bytes) return bytes;
  throw new DataError("ERR_DATA_NOT_FOUND", `${dataset}: the file ${file} was not given`);
}
