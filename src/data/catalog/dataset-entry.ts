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
  /** Digest of the decompressed bytes; without one, only their number is checked. */
  readonly digest?: Digest;
  /** Digest of the published `.gz` file. */
  readonly gzipDigest?: Digest;
}

/** A published archive that holds the files. */
export interface DatasetArchive {
  /** Its name, which ends in `.tar.gz` or `.zip`. */
  readonly name: string;
  readonly digest: Digest;
  /** The folder inside it that has the files. */
  readonly folder: string;
  /** Suffix of the files' names inside it. */
  readonly suffix: "" | ".gz";
  /** Whether other data sets use it too; it is then kept in the cache. */
  readonly isShared?: boolean;
}

/** One way in which a data set is published. */
export interface DatasetForm {
  /** Name of the form in messages: `IDX files`. */
  readonly name: string;
  readonly files: readonly DatasetFile[];
  /** The archive of the files; without one, each file is published as `<name>.gz`. */
  readonly archive?: DatasetArchive;
  /** Web addresses of the archive or files, most official first. */
  readonly urls: readonly string[];
  /** Subdirectories of a user's directory in which archives and other tools put the files. */
  readonly subdirectories: readonly string[];
}

/** Debian's package of a data set. */
export interface DebianPackage {
  readonly package: string;
  /** Directory of the `.gz` files. */
  readonly directory: string;
}

/** Describes a data set. */
export interface DatasetInfo {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Sizes of one image: height, width, channels. */
  readonly imageShape: readonly [height: number, width: number, channels: number];
  /** Mean and deviation of each channel over the training images, for pixels scaled to 0 … 1, if known. */
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

/** A form with the decoder of its files. */
export interface DecodedForm extends DatasetForm {
  /** @param contents the decompressed bytes of each file, by its name */
  readonly decode: (contents: ReadonlyMap<string, Uint8Array>) => DatasetSplits;
}

/** An entry of the table of data sets. */
export interface DatasetEntry extends DatasetInfo {
  readonly forms: readonly DecodedForm[];
  /** Its directory in the cache, if it shares files with other data sets. Default: its name. */
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
