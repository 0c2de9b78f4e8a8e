import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { joinCifarParts, readCifarBinary } from "../../src/data/cifar-files.js";
import { datasetInfo } from "../../src/data/dataset-info.js";
import { loadDataset } from "../../src/node/data/load-dataset.js";
import { emptyMachine } from "./tiny-dataset.js";

/** A record whose three planes count up from `red`, `green` and `blue`, each modulo 251. */
const record = (labels: readonly number[], red: number, green: number, blue: number): number[] => [
  ...labels,
  ...[red, green, blue].flatMap((first) =>
    Array.from({ length: 1024 }, (_, pixel) => (first + pixel) % 251),
  ),
];
const cifar10 = { labels: 1, label: 0, classes: 10 } as const;

describe("readCifarBinary", () => {
  test("puts the three planes of an image side by side", () => {
    const bytes = Uint8Array.from([...record([7], 0, 50, 100), ...record([9], 1, 2, 3)]);
    const part = readCifarBinary(bytes, "batch", cifar10);
    assert.deepEqual([...part.labels], [7, 9]);
    const { images, labels } = joinCifarParts("two", [part, part], []);
    assert.deepEqual([...labels.data], [7, 9, 7, 9]);
    assert.deepEqual(images.shape, [4, 32, 32, 3]);
    assert.deepEqual([...images.data.subarray(0, 6)], [0, 50, 100, 1, 51, 101]);
    assert.deepEqual([...images.data.subarray(3072, 3078)], [1, 2, 3, 2, 3, 4]);
    assert.deepEqual([...images.data.subarray(-3)], [1024 % 251, 1025 % 251, 1026 % 251]);
  });

  test("reads the one or the other of two labels", () => {
    const bytes = Uint8Array.from(record([19, 99], 0, 0, 0));
    const label = (index: number, classes: number) =>
      readCifarBinary(bytes, "train.bin", { labels: 2, label: index, classes }).labels[0];
    assert.equal(label(0, 20), 19);
    assert.equal(label(1, 100), 99);
  });

  test("names the length when there are no whole records", () => {
    for (const length of [0, 3072, 3074, 6145]) {
      assert.throws(() => readCifarBinary(new Uint8Array(length), "batch", cifar10), {
        code: "ERR_DATA_FORMAT",
        message: `batch: the file has ${length} bytes but takes a whole number of records of 3073`,
      });
    }
  });

  test("names the row of a label that is no class", () => {
    const bytes = Uint8Array.from([...record([9], 0, 0, 0), ...record([10], 0, 0, 0)]);
    assert.throws(() => readCifarBinary(bytes, "batch", cifar10), {
      code: "ERR_DATA_LABEL",
      message: "batch: the label of row 1 is 10 but the classes are 0 to 9",
    });
  });
});

test("the real CIFAR-10, where it lies beside the repository", async (t: TestContext) => {
  const dataDir = fileURLToPath(
    new URL("../../../../shared/data/cifar-10-batches-bin", import.meta.url),
  );
  if (!existsSync(dataDir)) return t.skip(`no ${dataDir}`);
  if (spawnSync("xz", ["--version"]).error) return t.skip("the command xz is not installed");
  const { train, test: tested } = await loadDataset("cifar10", { dataDir }, await emptyMachine(t));

  assert.deepEqual(train.images.shape, [50000, 32, 32, 3]);
  assert.deepEqual(tested.images.shape, [10000, 32, 32, 3]);
  for (const { labels } of [train, tested]) {
    const counts = Array<number>(10).fill(0);
    for (const label of labels.data) counts[label]!++;
    assert.deepEqual(counts, Array(10).fill(labels.data.length / 10)); // the authors balanced it
  }
  // The first test images are a cat, two ships, an airplane, two frogs, as every introduction shows.
  const names = [...tested.labels.data.subarray(0, 6)].map((label) => tested.classes[label]);
  assert.deepEqual(names, ["cat", "ship", "ship", "airplane", "frog", "frog"]);
  assert.deepEqual([...tested.images.data.subarray(0, 3)], [158, 112, 49]);

  // NumPy: x.mean((0, 2, 3)), x.std((0, 2, 3)) of the 50,000 images / 255
  const { mean, std } = channelMoments(train.images.data);
  const { normalize } = datasetInfo("cifar10");
  const rounded = (values: readonly number[]) => values.map((value) => Number(value.toFixed(4)));
  assert.deepEqual({ mean: rounded(mean), std: rounded(std) }, normalize);
});

/** Mean and deviation of each of three channels, of bytes scaled to 0 … 1. */
function channelMoments(bytes: Uint8Array): { readonly mean: number[]; readonly std: number[] } {
  const pixels = bytes.length / 3;
  const sums = [0, 0, 0];
  const squares = [0, 0, 0];
  for (let i = 0; i < bytes.length; i++) {
    sums[i % 3]! += bytes[i]!;
    squares[i % 3]! += bytes[i]! ** 2;
  }
  const mean = sums.map((sum) => sum / pixels);
  const std = squares.map((square, c) => Math.sqrt(square / pixels - mean[c]! ** 2));
  return { mean: mean.map((value) => value / 255), std: std.map((value) => value / 255) };
}
