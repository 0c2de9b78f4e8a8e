import { cifarImageBytes } from "../cifar-binary.js";
import type { DatasetEntry } from "../dataset-info.js";
import { decodeCifarBinary } from "../decode-cifar-binary.js";

const batch = (name: string, sha256: string) => ({
  name,
  bytes: 10_000 * (1 + cifarImageBytes),
  sha256,
});

const trainFiles = [
  batch("data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
  batch("data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
  batch("data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
  batch("data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
  batch("data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
];
const testFiles = [
  batch("test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
];
const cifar10Classes = "airplane automobile bird cat deer dog frog horse ship truck".split(" ");

export const cifar10: DatasetEntry = {
  name: "cifar10",
  title: "CIFAR-10",
  description: "Colour photographs of ten kinds of animals and vehicles, 32 x 32 pixels",
  imageShape: [32, 32, 3],
  normalise: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  trainRows: 50000,
  testRows: 10000,
  classes: cifar10Classes,
  licence: "none stated; cite A. Krizhevsky, Learning multiple layers of features, 2009",
  homepage: "https://www.cs.toronto.edu/~kriz/cifar.html",
  files: [...trainFiles, ...testFiles],
  urls: [],
  subdirectories: ["cifar10", "cifar-10-batches-bin"],
  decode: (contents) =>
    decodeCifarBinary("cifar10", contents, {
      train: trainFiles.map(({ name }) => name),
      test: testFiles.map(({ name }) => name),
      classes: cifar10Classes,
      labels: 1,
      label: 0,
    }),
};
