/** MNIST and its successors: four IDX files, each published as `.gz`. */

import { type DatasetEntry, type DatasetFile, type Digest, sha256 } from "./dataset-entry.js";
import { decodeIdxDataset } from "../idx.js";

/** The four files' names, and their bytes for 60,000 training and 10,000 test images of 28 x 28. */
const files: readonly DatasetFile[] = [
  { name: "train-images-idx3-ubyte", bytes: 16 + 60_000 * 784 },
  { name: "train-labels-idx1-ubyte", bytes: 8 + 60_000 },
  { name: "t10k-images-idx3-ubyte", bytes: 16 + 10_000 * 784 },
  { name: "t10k-labels-idx1-ubyte", bytes: 8 + 10_000 },
];
const [trainImages, trainLabels, testImages, testLabels] = files.map(({ name }) => name);
const names = {
  train: { images: trainImages!, labels: trainLabels! },
  test: { images: testImages!, labels: testLabels! },
};

type IdxEntry = Pick<
  DatasetEntry,
  "name" | "title" | "description" | "normalize" | "classes" | "licence" | "homepage" | "debian"
> & {
  /** Digests of the four files in order: of the decompressed bytes, or of the published file. */
  readonly digests: { readonly of: "digest" | "gzipDigest"; readonly hex: readonly Digest[] };
  readonly urls: readonly string[];
  readonly subdirectories: readonly string[];
};

const idxEntry = ({ digests, urls, subdirectories, ...info }: IdxEntry): DatasetEntry => ({
  ...info,
  imageShape: [28, 28, 1],
  trainRows: 60_000,
  testRows: 10_000,
  forms: [
    {
      name: "IDX files",
      files: files.map((file, i) => ({ ...file, [digests.of]: digests.hex[i]! })),
      urls,
      subdirectories,
      decode: (contents) => decodeIdxDataset(info.name, contents, names, info.classes),
    },
  ],
});

export const mnist = idxEntry({
  name: "mnist",
  title: "MNIST",
  description: "Handwritten digits, grey, 28 x 28 pixels",
  normalize: { mean: [0.1307], std: [0.3081] },
  classes: "0123456789".split(""),
  licence: "CC BY-SA 3.0",
  homepage: "http://yann.lecun.com/exdb/mnist/",
  digests: {
    of: "digest",
    hex: [
      sha256("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
      sha256("65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
      sha256("0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
      sha256("ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
    ],
  },
  urls: [
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
    "http://yann.lecun.com/exdb/mnist",
  ],
  subdirectories: ["mnist", "MNIST/raw"],
});

export const fashionMnist = idxEntry({
  name: "fashion-mnist",
  title: "Fashion-MNIST",
  description: "Grey photographs of ten kinds of clothing, 28 x 28 pixels",
  normalize: { mean: [0.286], std: [0.353] },
  classes: [
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
  ],
  licence: "MIT",
  homepage: "https://github.com/zalandoresearch/fashion-mnist",
  digests: {
    of: "digest",
    hex: [
      sha256("c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
      sha256("bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
      sha256("5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
      sha256("0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
    ],
  },
  urls: [
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
  ],
  debian: { package: "dataset-fashion-mnist", directory: "/usr/share/datasets/fashion-mnist" },
  subdirectories: ["fashion-mnist", "FashionMNIST/raw"],
});

export const kmnist = idxEntry({
  name: "kmnist",
  title: "Kuzushiji-MNIST",
  description: "Handwritten Japanese characters of old books, ten kinds, grey, 28 x 28 pixels",
  classes: "o ki su tsu na ha ma ya re wo".split(" "),
  licence: "CC BY-SA 4.0",
  homepage: "http://codh.rois.ac.jp/kmnist/",
  digests: {
    of: "gzipDigest",
    hex: [
      sha256("51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
      sha256("e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
      sha256("edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
      sha256("20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
    ],
  },
  urls: [
    "https://codh.rois.ac.jp/kmnist/dataset/kmnist",
    "http://codh.rois.ac.jp/kmnist/dataset/kmnist",
  ],
  subdirectories: ["kmnist", "KMNIST/raw"],
});
