/** The data sets that can be had by name: what they are, where they are, how to check them. */

import { cifar10 } from "./catalog/cifar.js";
import { fashionMnist } from "./catalog/fashion-mnist.js";
import { DataError } from "./data-error.js";
import type { DatasetSplits } from "./dataset.js";

/** One published file. */
export interface DatasetFile {
  /** Its name when decompressed; published with `.gz` added. */
  readonly name: string;
  /** Bytes when decompressed. */
  readonly bytes: number;
  /** SHA-256 of the decompressed bytes, in hexadecimal. */
  readonly sha256: string;
}

/** Debian's package of a data set. */
export interface DebianPackage {
  readonly package: string;
  /** Where it puts the `.gz` files. */
  readonly directory: string;
}

/** What is known of a data set without reading it. */
export interface DatasetInfo {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Sizes of one image: height, width, channels. */
  readonly imageShape: readonly [height: number, width: number, channels: number];
  /** Mean and deviation of each channel over the training images, of pixels scaled to 0 … 1. */
  readonly normalise: { readonly mean: readonly number[]; readonly std: readonly number[] };
  readonly trainRows: number;
  readonly testRows: number;
  readonly classes: readonly string[];
  readonly licence: string;
  readonly homepage: string;
  readonly files: readonly DatasetFile[];
  /** Where the files lie on the web, most official first; a file is at `<url>/<name>.gz`. */
  readonly urls: readonly string[];
  readonly debian?: DebianPackage;
  /** Directories, below one the user names, where other tools keep the files. */
  readonly subdirectories: readonly string[];
}

/** A row of the table: what is known, and how the files become images and labels. */
export interface DatasetEntry extends DatasetInfo {
  /** @param contents the decompressed bytes of each file, by its name */
  readonly decode: (contents: ReadonlyMap<string, Uint8Array>) => DatasetSplits;
}

const entries: readonly DatasetEntry[] = [fashionMnist, cifar10];

/** The data sets that `loadDataset` knows, in the order of the table. */
export const listDatasets = (): readonly DatasetInfo[] => entries.map(withoutDecode);

/**
 * What is known of the data set `name`.
 *
 * @throws {DataError} `ERR_DATA_NAME` if there is none of that name; lists the names there are
 */
export const datasetInfo = (name: string): DatasetInfo => withoutDecode(findDataset(name));

function withoutDecode(entry: DatasetEntry): DatasetInfo {
  const { decode, ...info } = entry;
  void decode; // code, which a description has no place for
  return info;
}

/** The row of the table for `name`; as `datasetInfo`, with the way to decode its files. */
export function findDataset(name: string): DatasetEntry {
  const entry = entries.find((candidate) => candidate.name === name);
  if (!entry) {
    const names = entries.map((candidate) => candidate.name).join(", ");
    throw new DataError("ERR_DATA_NAME", `no data set is named '${name}'; there are: ${names}`);
  }
  return entry;
}
