import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { composeTransforms } from "../../../src/data/transforms/compose-transforms.js";
import { oneView, viewsOf } from "../../../src/data/transforms/test-views.js";
import { formatTransforms, parseTransforms } from "../../../src/data/transforms/transform-text.js";

/** 3 x 3: its digits are where they are. */
const image = {
  height: 3,
  width: 3,
  channels: 1,
  data: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9]),
};

const shown = (transforms: string, mirror: boolean, shift: number): string[] =>
  viewsOf(parseTransforms(transforms), { mirror, shift }).map((view) =>
    composeTransforms(view)(image, null).data.join(""),
  );

describe("views of an image", () => {
  test("are the image as it is where nothing is asked for", () => {
    const list = parseTransforms("resize(20) centerCrop(16)");
    assert.deepEqual(viewsOf(list, oneView), [list]);
  });

  test("are its mirror image, and corners with black around them", () => {
    assert.deepEqual(shown("none", true, 0), ["123456789", "321654987"]);
    assert.deepEqual(shown("none", false, 1), [
      "123456789",
      "000012045",
      "000230560",
      "045078000",
      "560890000",
    ]);
    assert.equal(new Set(shown("none", true, 1)).size, 10);
  });

  test("are the ten crops of an image that is larger than its crop", () => {
    const crops = ["5", "5", "1", "1", "3", "3", "7", "7", "9", "9"];
    assert.deepEqual(shown("centerCrop(1)", true, 1), crops);
  });

  test("come before what follows the crop", () => {
    const list = parseTransforms("resize(8) centerCrop(6) grayscale(3)");
    assert.deepEqual(viewsOf(list, { mirror: true, shift: 2 }).slice(1, 4).map(formatTransforms), [
      "resize(8) centerCrop(6) grayscale(3) horizontalFlip",
      "resize(8) translate(2, y=2) centerCrop(6) grayscale(3)",
      "resize(8) translate(2, y=2) centerCrop(6) grayscale(3) horizontalFlip",
    ]);
  });
});
