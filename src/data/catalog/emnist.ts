/** EMNIST: letters and digits in six selections, all in one archive. */

import { type DatasetEntry, md5 } from "./dataset-entry.js";
import { decodeIdxDataset } from "../idx.js";

const digits = "0123456789".split("");
const upperCase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".split("");
const lowerCase = "abcdefghijklmnopqrstuvwxyz".split("");
/** Upper and lower case are one class where they look alike; these lower-case letters do not. */
const merged = [...digits, ...upperCase, ..."abdefghnqrt".split("")];

interface Selection {
  readonly name: string;
  readonly what: string;
  readonly trainRows: number;
  readonly testRows: number;
  readonly classes: readonly string[];
  /** The label of the first class in the files. */
  readonly firstLabel?: number;
}

const selections: readonly Selection[] = [
  {
    name: "balanced",
    what: "digits and letters, as many of each class",
    trainRows: 112_800,
    testRows: 18_800,
    classes: merged,
  },
  {
    name: "byclass",
    what: "digits, capital and small letters",
    trainRows: 697_932,
    testRows: 116_323,
    classes: [...digits, ...upperCase, ...lowerCase],
  },
  {
    name: "bymerge",
    what: "digits and letters, one class where capital and small look alike",
    trainRows: 697_932,
    testRows: 116_323,
    classes: merged,
  },
  {
    name: "letters",
    what: "letters, capital and small in one class",
    trainRows: 124_800,
    testRows: 20_800,
    classes: lowerCase,
    firstLabel: 1,
  },
  { name: "digits", what: "digits", trainRows: 240_000, testRows: 40_000, classes: digits },
  {
    name: "mnist",
    what: "digits, as many as MNIST",
    trainRows: 60_000,
    testRows: 10_000,
    classes: digits,
  },
];

export const emnist: readonly DatasetEntry[] = selections.map((selection) => {
  const { name, what, trainRows, testRows, classes, firstLabel } = selection;
  const namesOf = (split: string) => ({
    images: `emnist-${name}-${split}-images-idx3-ubyte`,
    labels: `emnist-${name}-${split}-labels-idx1-ubyte`,
  });
  const names = { train: namesOf("train"), test: namesOf("test") };
  const filesOf = ({ images, labels }: ReturnType<typeof namesOf>, rows: number) => [
    { name: images, bytes: 16 + rows * 784 },
    { name: labels, bytes: 8 + rows },
  ];
  return {
    name: `emnist-${name}`,
    title: `EMNIST ${name}`,
    description: `Handwritten ${what}, grey, 28 x 28 pixels`,
    imageShape: [28, 28, 1],
    trainRows,
    testRows,
    classes,
    licence: "public domain (United States government work)",
    homepage: "https://www.nist.gov/itl/products-and-services/emnist-dataset",
    cacheName: "emnist",
    forms: [
      {
        name: "IDX files",
        files: [...filesOf(names.train, trainRows), ...filesOf(names.test, testRows)],
        archive: {
          name: "gzip.zip",
          digest: md5("58c8d27c78d21e728a6bc7b3cc06412e"),
          folder: "gzip",
          suffix: ".gz",
          isShared: true,
        },
        urls: [
          "https://biometrics.nist.gov/cs_links/EMNIST",
          "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST",
        ],
        subdirectories: ["gzip", "emnist", "EMNIST/raw"],
        decode: (contents) =>
          decodeIdxDataset(`emnist-${name}`, contents, names, classes, {
            transposed: true, // the authors' MATLAB wrote columns where IDX has rows
            firstLabel: firstLabel ?? 0,
          }),
      },
    ],
  };
});
