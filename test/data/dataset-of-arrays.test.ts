import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { datasetOfArrays, type LabelledArrays } from "../../src/data/dataset-of-arrays.js";

const pixels = Uint8Array.from({ length: 24 }, (_, i) => i);
const arrays: LabelledArrays = {
  images: pixels,
  shape: [2, 2, 2, 3],
  labels: [1, 0],
  classes: ["cat", "dog"],
  name: "pets",
};

describe("datasetOfArrays", () => {
  test("takes images as they are, without a copy", () => {
    const { name, images, labels, classes } = datasetOfArrays(arrays);
    assert.equal(images.data, pixels);
    assert.deepEqual(images.shape, [2, 2, 2, 3]);
    assert.deepEqual([...labels.data], [1, 0]);
    assert.deepEqual([name, ...classes], ["pets", "cat", "dog"]);
  });

  test("turns PyTorch's order of axes", () => {
    // torch.arange(24).view(2, 3, 2, 2).permute(0, 2, 3, 1).flatten()
    const expected = [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11];
    const { images } = datasetOfArrays({ ...arrays, shape: [2, 3, 2, 2], layout: "NCHW" });
    assert.deepEqual(images.shape, [2, 2, 2, 3]);
    assert.deepEqual([...images.data.subarray(0, 12)], expected);
    assert.deepEqual(
      [...images.data.subarray(12)],
      expected.map((each) => each + 12),
    );
  });

  test("takes a canvas's bytes, typed labels, and names classes by their numbers", () => {
    const { images, classes } = datasetOfArrays({
      images: new Uint8ClampedArray(pixels.buffer),
      shape: [3, 2, 4, 1],
      labels: Int32Array.of(2, 0, 2),
    });
    assert.equal(images.data.buffer, pixels.buffer);
    assert.deepEqual(classes, ["0", "1", "2"]);
  });

  for (const [what, changes, code, message] of [
    [
      "images that are no bytes",
      { images: new Float32Array(24) as unknown as Uint8Array },
      "ERR_DATA_FORMAT",
      "pets: images are bytes in a Uint8Array or Uint8ClampedArray, but this is Float32Array:" +
        " scale values to 0 … 255 and round them",
    ],
    [
      "a shape that is not that of the bytes",
      { shape: [2, 2, 2, 4] },
      "ERR_DATA_FORMAT",
      "pets: the shape [2, 2, 2, 4] takes 32 bytes but there are 24",
    ],
    [
      "no images",
      { shape: [0, 2, 2, 3], images: new Uint8Array(0), labels: [] },
      "ERR_DATA_FORMAT",
      "pets: the shape is [0, 2, 2, 3] but takes four whole numbers above 0",
    ],
    ["too few labels", { labels: [1] }, "ERR_DATA_COUNT", "pets: there are 2 images but 1 labels"],
    [
      "a label that is no class",
      { labels: [0, 2] },
      "ERR_DATA_LABEL",
      "pets: the label of row 1 is 2 but the classes are 0 to 1",
    ],
    [
      "a label that is no whole number",
      { labels: [0, 0.5] },
      "ERR_DATA_LABEL",
      "pets: the label of row 1 is 0.5 but the classes are 0 to 1",
    ],
    [
      "two classes of one name",
      { classes: ["cat", "cat"] },
      "ERR_DATA_LABEL",
      "pets: two classes are named 'cat'",
    ],
  ] as const satisfies readonly (readonly [string, Partial<LabelledArrays>, string, string])[]) {
    test(`refuses ${what}`, () => {
      assert.throws(() => datasetOfArrays({ ...arrays, ...changes }), {
        name: "DataError",
        code,
        message,
      });
    });
  }
});
