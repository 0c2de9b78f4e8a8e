import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeIdxDataset } from "../../src/data/idx.js";
import { idxFile } from "./tiny-dataset.js";

const names = {
  train: { images: "train-images", labels: "train-labels" },
  test: { images: "test-images", labels: "test-labels" },
};
const contents = (labels: readonly number[]): ReadonlyMap<string, Uint8Array> =>
  new Map([
    ["train-images", idxFile([2, 2, 3], [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16])],
    ["train-labels", idxFile([labels.length], labels)],
    ["test-images", idxFile([1, 2, 3], [1, 2, 3, 4, 5, 6])],
    ["test-labels", idxFile([1], [1])],
  ]);

describe("decodeIdxDataset", () => {
  test("turns images that lie on their side, and counts labels from the first", () => {
    const { train, test: tested } = decodeIdxDataset("tiny", contents([2, 1]), names, ["a", "b"], {
      transposed: true,
      firstLabel: 1,
    });
    assert.deepEqual(train.images.shape, [2, 3, 2, 1]);
    assert.deepEqual([...train.images.data], [1, 4, 2, 5, 3, 6, 11, 14, 12, 15, 13, 16]);
    assert.deepEqual([...train.labels.data], [1, 0]);
    assert.deepEqual([...tested.labels.data], [0]);
  });

  test("names the row of a label that is no class, as the file counts them", () => {
    assert.throws(() => decodeIdxDataset("tiny", contents([0, 2]), names, ["a", "b"]), {
      code: "ERR_DATA_LABEL",
      message: "train-labels: the label of row 1 is 2 but the classes are 0 to 1",
    });
    const fromOne = { firstLabel: 1 };
    assert.throws(() => decodeIdxDataset("tiny", contents([0, 2]), names, ["a", "b"], fromOne), {
      code: "ERR_DATA_LABEL",
      message: "train-labels: the label of row 0 is 0 but the classes are 1 to 2",
    });
  });

  test("names both counts, and a file that is not there", () => {
    assert.throws(() => decodeIdxDataset("tiny", contents([0]), names, ["a", "b"]), {
      code: "ERR_DATA_COUNT",
      message: "train-labels: the file has 1 labels but train-images has 2 images",
    });
    assert.throws(() => decodeIdxDataset("tiny", new Map(), names, ["a", "b"]), {
      code: "ERR_DATA_NOT_FOUND",
      message: "tiny: the file train-images was not given",
    });
  });
});
