/** The data sets that can be had by name: what they are, where they are, how to check them. */

import type { DatasetSplits } from "./dataset.js";
import { DataError } from "./data-error.js";
import { decodeIdxDataset } from "./decode-idx-dataset.js";

/** One published file. */
export interface DatasetFile {
  /** Its name when decompressed; published with `.gz` added. */
  readonly name: string;
  /** Bytes when decompressed. */
  readonly bytes: number;
  /** SHA-256 of the decompressed bytes, in hexadecimal. */
  readonly sha256: string;
}

/** What is known of a data set without reading it. */
export interface DatasetInfo {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Sizes of one image: height, width, channels. */
  readonly imageShape: readonly [height: number, width: number, channels: number];
  readonly trainRows: number;
  readonly testRows: number;
  readonly classes: readonly string[];
  readonly licence: string;
  readonly homepage: string;
  readonly files: readonly DatasetFile[];
  /** Where the files lie on the web, most official first; a file is at `<url>/<name>.gz`. */
  readonly urls: readonly string[];
  /** Debian's package of the data set, and the directory where it puts the `.gz` files. */
  readonly debian: { readonly package: string; readonly directory: string };
  /** Directories, below one the user names, where other tools keep the files. */
  readonly subdirectories: readonly string[];
}

/** A row of the table: what is known, and how the files become images and labels. */
export interface DatasetEntry extends DatasetInfo {
  /** @param contents the decompressed bytes of each file, by its name */
  readonly decode: (contents: ReadonlyMap<string, Uint8Array>) => DatasetSplits;
}

const fashionMnistClasses = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];

const entries: readonly DatasetEntry[] = [
  {
    name: "fashion-mnist",
    title: "Fashion-MNIST",
    description: "Grey photographs of ten kinds of clothing, 28 x 28 pixels",
    imageShape: [28, 28, 1],
    trainRows: 60000,
    testRows: 10000,
    classes: fashionMnistClasses,
    licence: "MIT",
    homepage: "https://github.com/zalandoresearch/fashion-mnist",
    files: [
      {
        name: "train-images-idx3-ubyte",
        bytes: 47040016,
        sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
      },
      {
        name: "train-labels-idx1-ubyte",
        bytes: 60008,
        sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
      },
      {
        name: "t10k-images-idx3-ubyte",
        bytes: 7840016,
        sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
      },
      {
        name: "t10k-labels-idx1-ubyte",
        bytes: 10008,
        sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
      },
    ],
    urls: [
      "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
      "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    ],
    debian: {
      package: "dataset-fashion-mnist",
      directory: "/usr/share/datasets/fashion-mnist",
    },
    subdirectories: ["fashion-mnist", "FashionMNIST/raw"],
    decode: (contents) => decodeIdxDataset("fashion-mnist", contents, fashionMnistClasses),
  },
];

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
