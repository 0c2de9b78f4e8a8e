import { DataError } from "../data-error.js";
import type { DatasetSplits } from "../dataset.js";

/** A published digest, in hexadecimal. */
export interface Digest {
  readonly algorithm: "sha256" | "md5";
  readonly hex: string;
}

/** One file of a data set. */
export interface DatasetFile {
  /** Its name when decompressed. */
  readonly name: string;
  /** Bytes when decompressed. */
  readonly bytes: number;
  /** Of the decompressed bytes. Where nobody published one, their number is all that is checked. */
  readonly digest?: Digest;
  /** Of the `.gz` file as it is published. */
  readonly gzipDigest?: Digest;
}

/** A published archive that holds the files. */
export interface DatasetArchive {
  /** Its name, which ends in `.tar.gz` or `.zip`. */
  readonly name: string;
  readonly digest: Digest;
  /** The folder inside it that has the files. */
  readonly folder: string;
  /** What is added to the files' names inside it. */
  readonly suffix: "" | ".gz";
  /** Whether other data sets are read from it too, so that it is worth keeping as it is. */
  readonly isShared?: boolean;
}

/** One way in which a data set is published. */
export interface DatasetForm {
  /** What the form is called, for people: `IDX files`. */
  readonly name: string;
  readonly files: readonly DatasetFile[];
  /** The archive of the files; without one, each is published alone, as `<name>.gz`. */
  readonly archive?: DatasetArchive;
  /** Where archive or files lie on the web, most official first. */
  readonly urls: readonly string[];
  /** Directories, below one the user names, where archives and other tools put the files. */
  readonly subdirectories: readonly string[];
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
  /** Mean and deviation of each channel over the training images, of pixels scaled to 0 … 1, where known. */
  readonly normalize?: { readonly mean: readonly number[]; readonly std: readonly number[] };
  readonly trainRows: number;
  readonly testRows: number;
  readonly classes: readonly string[];
  readonly licence: string;
  readonly homepage: string;
  /** The forms in which it is published; the first is the one that is downloaded. */
  readonly forms: readonly DatasetForm[];
  readonly debian?: DebianPackage;
}

/** A form, and how its files become images and labels. */
export interface DecodedForm extends DatasetForm {
  /** @param contents the decompressed bytes of each file, by its name */
  readonly decode: (contents: ReadonlyMap<string, Uint8Array>) => DatasetSplits;
}

/** A row of the table. */
export interface DatasetEntry extends DatasetInfo {
  readonly forms: readonly DecodedForm[];
  /** Its directory in the cache, where data sets share files; otherwise its name. */
  readonly cacheName?: string;
}

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

export const sha256 = (hex: string): Digest => ({ algorithm: "sha256", hex });
export const md5 = (hex: string): Digest => ({ algorithm: "md5", hex });
