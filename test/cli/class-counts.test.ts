import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { summariseClassCounts } from "../../src/node/cli/class-counts.js";
import type { Dataset } from "../../src/data/dataset.js";
import { hostArray } from "../../src/tensor/host-array.js";

/** Images of the classes 0, 1, … in the numbers given. */
function part(title: string, ...counts: number[]): { title: string; images: Dataset } {
  const labels = counts.flatMap((count, label) => Array<number>(count).fill(label));
  return {
    title,
    images: {
      name: title,
      images: hostArray([labels.length, 1, 1, 1], undefined, "u8"),
      labels: hostArray([labels.length], labels, "i32"),
      classes: counts.map((_, label) => `class${label}`),
    },
  };
}

describe("what is told of classes", () => {
  test("is a line where each part has as many of each", () => {
    const parts = [part("training", 5, 5), part("validation", 1, 1), part("test", 2, 2)];
    assert.equal(
      summariseClassCounts(parts),
      "2 classes, 5 training, 1 validation and 2 test images of each",
    );
  });

  test("is a line for one class, and for a part without images", () => {
    assert.equal(
      summariseClassCounts([part("training", 4), part("test", 0)]),
      "1 class, 4 training and 0 test images of each",
    );
  });

  test("is a table where one part is uneven", () => {
    assert.equal(
      summariseClassCounts([part("training", 5, 5), part("test", 1, 2)]),
      "class   training  test\nclass0         5     1\nclass1         5     2\nall           10     3",
    );
  });

  test("is the extremes of many uneven classes", () => {
    const counts = Array.from({ length: 30 }, (_, label) => 3 + (label % 7));
    assert.equal(
      summariseClassCounts([part("training", ...counts)]),
      "30 classes, from 3 (class0) to 9 (class6) training images each",
    );
  });
});
