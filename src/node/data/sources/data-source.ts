import type { DatasetFile } from "../../../data/catalog/dataset-entry.js";

/** A source of a data set's files. */
export interface DataSource {
  /** The source's name in notices and errors. */
  readonly name: string;
  /**
   * Whether the user named this source: a damaged file in it is an error. In other sources it is a notice, and the
   * next source is tried.
   */
  readonly isRequested: boolean;
  /** Whether the source is on the network: its files are cached, and after a failure it is not tried again. */
  readonly isRemote: boolean;
  /**
   * The decompressed, verified bytes of `file`.
   *
   * @throws {DataError} `ERR_DATA_NOT_FOUND` if the source does not have the file;
   *   `ERR_DATA_GZIP` or `ERR_DATA_CHECKSUM` if it has a damaged one;
   *   `ERR_DATA_SOURCE` if it cannot be read or reached
   */
  readonly read: (file: DatasetFile) => Promise<Uint8Array>;
  /** Removes the source's temporary files. */
  readonly close?: () => Promise<void>;
}

/** The progress of a file's download. */
export interface DownloadProgress {
  readonly file: string;
  readonly receivedBytes: number;
  /** Null if the server does not state it. */
  readonly totalBytes: number | null;
}
