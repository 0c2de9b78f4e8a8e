import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DataError } from "../../src/data/data-error.js";
import { readIdxImages, readIdxLabels } from "../../src/data/idx.js";
import { randomKey, uniform } from "../../src/tensor/random.js";
import { idxFile } from "./tiny-dataset.js";

const images = idxFile([2, 1, 3], [1, 2, 3, 253, 254, 255]);
const labels = idxFile([4], [0, 9, 3, 3]);

describe("readIdxImages", () => {
  test("reads the sizes and the bytes, and adds the axis of channels", () => {
    const { shape, dtype, data } = readIdxImages(images, "images");
    assert.deepEqual(shape, [2, 1, 3, 1]);
    assert.equal(dtype, "u8");
    assert.deepEqual([...data], [1, 2, 3, 253, 254, 255]);
  });

  test("does not copy the images", () => {
    assert.equal(readIdxImages(images, "images").data.buffer, images.buffer);
  });

  test("names both magic numbers when the file is one of labels", () => {
    const bytes = idxFile([12], Array(12).fill(0));
    assert.throws(() => readIdxImages(bytes, "train-images"), {
      name: "DataError",
      code: "ERR_DATA_FORMAT",
      message:
        "train-images: the file starts with 0x00000801 but an IDX file of images starts with" +
        " 0x00000803",
    });
  });

  test("names both lengths when the file is too short, too long or ends in its header", () => {
    const error = (bytes: Uint8Array, message: string) =>
      assert.throws(() => readIdxImages(bytes, "train-images"), {
        code: "ERR_DATA_FORMAT",
        message,
      });
    const announced = "but its header announces 2 x 1 x 3 images, which take 22";
    error(images.subarray(0, 21), `train-images: the file has 21 bytes ${announced}`);
    error(Uint8Array.from([...images, 0]), `train-images: the file has 23 bytes ${announced}`);
    error(
      images.subarray(0, 15),
      "train-images: the file has 15 bytes but the header of an IDX file of images takes 16",
    );
  });

  test("does not believe sizes that no file can have", () => {
    const bytes = idxFile([0xffffffff, 0xffffffff, 0xffffffff], []);
    assert.throws(() => readIdxImages(bytes, "huge"), { code: "ERR_DATA_FORMAT" });
  });
});

describe("readIdxLabels", () => {
  test("reads the labels", () => {
    const { shape, dtype, data } = readIdxLabels(labels, "labels");
    assert.deepEqual(shape, [4]);
    assert.equal(dtype, "i32");
    assert.deepEqual([...data], [0, 9, 3, 3]);
  });

  test("refuses a file without labels", () => {
    assert.throws(() => readIdxLabels(idxFile([0], []), "train-labels"), {
      code: "ERR_DATA_FORMAT",
      message: "train-labels: the file has no labels",
    });
  });
});

describe("the IDX reader with damaged files", () => {
  for (const [what, file, read] of [
    ["images", images, (bytes: Uint8Array) => readIdxImages(bytes, "file")],
    ["labels", labels, (bytes: Uint8Array) => readIdxLabels(bytes, "file")],
  ] as const) {
    test(`refuses ${what} cut at any byte`, () => {
      for (let length = 0; length < file.length; length++) {
        assert.throws(() => read(file.subarray(0, length)), { code: "ERR_DATA_FORMAT" });
      }
    });

    test(`reads ${what} with any bits flipped, or refuses them with a code`, () => {
      for (let trial = 0; trial < 3000; trial++) {
        const bytes = file.slice();
        for (let flip = 0; flip <= trial % 3; flip++) {
          const key = randomKey(trial, "flip", flip);
          const at = Math.floor(uniform(key, 0) * bytes.length);
          bytes[at] = bytes[at]! ^ (1 << Math.floor(uniform(key, 1) * 8));
        }
        try {
          const { shape, data } = read(bytes);
          assert.equal(
            data.length,
            shape.reduce((product, size) => product * size, 1),
          );
        } catch (error) {
          assert.ok(error instanceof DataError, String(error));
        }
      }
    });
  }
});
