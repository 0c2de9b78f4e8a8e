import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  composeTransforms,
  transformDataset,
} from "../../../src/data/transforms/compose-transforms.js";
import { parseTransforms } from "../../../src/data/transforms/transform-text.js";
import { hostArray } from "../../../src/tensor/host-array.js";
import { drawImage } from "./images.js";

describe("transformDataset", () => {
  const images = [1, 2, 3].map((seed) => drawImage(seed, [5, 7, 3]));
  const bytes = Uint8Array.from(images.flatMap(({ data }) => [...data]));
  const data = { images: hostArray([3, 5, 7, 3], bytes, "u8"), name: "three" };

  test("does to each image what the transforms do to one", () => {
    const list = parseTransforms("resize([4, 9]) resize(8)");
    const made = transformDataset(data, list);
    assert.deepEqual(made.images.shape, [3, 8, 18, 3]);
    assert.equal(made.name, "three");
    const expected = images.flatMap((image) => [...composeTransforms(list)(image, null).data]);
    assert.deepEqual([...made.images.data], expected);
  });

  test("gives the same data set where there is nothing to do", () => {
    assert.equal(transformDataset(data, []), data);
  });
});
