import type { DatasetFile } from "../../../data/catalog/dataset-entry.js";

/** One place where a data set's files may be had. */
export interface DataSource {
  /** What the source is called in notices and errors. */
  readonly name: string;
  /**
   * What the user asked for by name: a damaged file here is an error. Elsewhere it is a notice, and
   * the next source is tried.
   */
  readonly isRequested: boolean;
  /** What comes from here is worth keeping in the cache, and a failure here is not tried again. */
  readonly isRemote: boolean;
  /**
   * The decompressed, verified bytes of `file`.
   *
   * @throws {DataError} `ERR_DATA_NOT_FOUND` if the source does not have the file;
   *   `ERR_DATA_GZIP` or `ERR_DATA_CHECKSUM` if it has a damaged one;
   *   `ERR_DATA_SOURCE` if it cannot be read or reached
   */
  readonly read: (file: DatasetFile) => Promise<Uint8Array>;
  /** Removes what the source left lying about while it was in use. */
  readonly close?: () => Promise<void>;
}

/** How far the download of a file has come. */
export interface DownloadProgress {
  readonly file: string;
  readonly receivedBytes: number;
  /** null where the server does not say. */
  readonly totalBytes: number | null;
}
