import { ResnetError } from "../tensor/error.js";

/** The codes of data errors; stable across versions. */
export type DataErrorCode =
  /** The bytes are not the file format they should be. */
  | "ERR_DATA_FORMAT"
  /** Two files that belong together differ in their number of rows. */
  | "ERR_DATA_COUNT"
  /** A label is not the index of a class. */
  | "ERR_DATA_LABEL"
  /** A compressed file cannot be unpacked. */
  | "ERR_DATA_GZIP"
  /** A folder of images is not laid out as one. */
  | "ERR_DATA_FOLDER"
  /** A file is not an image, or is damaged. */
  | "ERR_DATA_IMAGE"
  /** An archive cannot be unpacked, or lacks a file. */
  | "ERR_DATA_ARCHIVE"
  /** A file differs from the published one. */
  | "ERR_DATA_CHECKSUM"
  /** There is no data set of that name. */
  | "ERR_DATA_NAME"
  /** A file is missing in a directory or in every source. */
  | "ERR_DATA_NOT_FOUND"
  /** A source could not be read or reached. */
  | "ERR_DATA_SOURCE"
  /** A thread that decodes images died or was closed. */
  | "ERR_DATA_WORKER"
  /** Images cannot be kept where they should be. */
  | "ERR_DATA_CACHE"
  /** A split, batch or selection of rows does not fit the data set. */
  | "ERR_DATA_ROWS"
  /** A transform does not exist, or does not fit an image. */
  | "ERR_DATA_TRANSFORM";

/** Those of what was asked for; the others are of the data. */
const usageCodes: ReadonlySet<DataErrorCode> = new Set([
  "ERR_DATA_NAME",
  "ERR_DATA_ROWS",
  "ERR_DATA_TRANSFORM",
]);

/** Thrown when data cannot be found, read or divided; names the file and the finding. */
export class DataError extends ResnetError {
  override readonly name = "DataError";
  declare readonly code: DataErrorCode;

  constructor(code: DataErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
  }

  override get isUsage(): boolean {
    return usageCodes.has(this.code);
  }
}

/** The error for a transform that does not exist, or does not fit an image. */
export const transformError = (message: string): DataError =>
  new DataError("ERR_DATA_TRANSFORM", message);

/** The result of `make`; a `DataError` that it throws gets the name of the file. */
export function inFile<Result>(file: string, make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(error.code, `${file}: ${error.message}`, { cause: error });
  }
}
