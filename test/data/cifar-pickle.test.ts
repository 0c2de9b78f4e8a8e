import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { joinCifarParts, readCifarPickle } from "../../src/data/cifar-files.js";

const fixture = (name: string): Uint8Array =>
  readFileSync(fileURLToPath(new URL(`../../../test/fixtures/cifar/${name}`, import.meta.url)));
const cifar10 = { labels: "labels", classes: 10 } as const;

/** What tools/cifar_fixtures.py put into image `row`: plane `channel` of pixel `pixel`. */
const byteOf = (row: number, pixel: number, channel: number): number =>
  (7 * row + 3 * (1024 * channel + pixel)) % 256;

describe("readCifarPickle", () => {
  for (const [file, labels, rows] of [
    ["data_batch", "labels", [6, 9, 0]],
    ["train", "fine_labels", [19, 99]],
    ["train", "coarse_labels", [11, 15]],
  ] as const) {
    test(`reads ${labels} and images of ${file}`, () => {
      const part = readCifarPickle(fixture(file), file, { labels, classes: 100 });
      const { images, labels: joined } = joinCifarParts("one", [part], []);
      assert.deepEqual([...joined.data], rows);
      const expected = rows.flatMap((_, row) =>
        Array.from({ length: 3072 }, (__, i) => byteOf(row, Math.floor(i / 3), i % 3)),
      );
      assert.deepEqual([...images.data], expected);
    });
  }

  test("names the row of a label that is no class", () => {
    assert.throws(
      () => readCifarPickle(fixture("data_batch"), "batch", { ...cifar10, classes: 9 }),
      {
        code: "ERR_DATA_LABEL",
        message: "batch: the label of row 1 is 9 but the classes are 0 to 8",
      },
    );
  });

  test("names the labels that a file of the other data set lacks", () => {
    assert.throws(() => readCifarPickle(fixture("train"), "train", cifar10), {
      code: "ERR_DATA_FORMAT",
      message: "train: the pickle has no list of numbers 'labels'",
    });
  });

  test("names what a pickle of something else has", () => {
    // pickle.dumps({"data": 1}, protocol=2), and of a list
    for (const text of ["\x80\x02}U\x04dataK\x01s.", "\x80\x02]."]) {
      assert.throws(() => readCifarPickle(Buffer.from(text, "latin1"), "other", cifar10), {
        code: "ERR_DATA_FORMAT",
        message:
          "other: a file of CIFAR has an array 'data', uint8 [rows, 3072], but this one has none",
      });
    }
  });

  test("runs no code", () => {
    // pickle.dumps of an object whose __reduce__ is (os.system, ("true",)), protocol 0
    const hostile = Buffer.from("cposix\nsystem\n(S'true'\ntR.", "latin1");
    assert.throws(() => readCifarPickle(hostile, "data_batch_1", cifar10), {
      name: "PickleError",
      code: "ERR_PICKLE_CLASS",
    });
  });
});
