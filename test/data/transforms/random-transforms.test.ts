// What holds for every transform that there is.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  composeTransforms,
  transformedShape,
} from "../../../src/data/transforms/compose-transforms.js";
import { foldIn } from "../../../src/data/transforms/draws.js";
import type { ImageBytes } from "../../../src/data/transforms/image-bytes.js";
import { isRandom, transformTypes } from "../../../src/data/transforms/transform.js";
import { formatTransforms, parseTransforms } from "../../../src/data/transforms/transform-text.js";
import { randomKey, uniform } from "../../../src/tensor/random.js";
import { drawImage, guarded } from "./images.js";

/** Every transform in a form that does much. */
const lists = [
  "resize([9, 30])",
  "resize(7, interpolation=bicubic)",
  "centerCrop([3, 40])",
  "translate(-3, y=20, fill=[1,2,3])",
  "horizontalFlip",
  "randomResizedCrop(11)",
  "randomResizedCrop([5, 60], scale=[0.01, 0.02], ratio=[0.01, 100], interpolation=bicubic)",
  "randomCrop([6, 8], padding=8, fill=[1,2,3])",
  "randomHorizontalFlip",
  "randomVerticalFlip",
  "randomErasing(1, scale=[0.5, 1], fill=9)",
  "cutout(5, fill=[1,2,3])",
  "randomRotation(180, fill=77)",
  "randomAffine(90, translate=[0.5,1], scale=[0.1,3], shear=[80,80], interpolation=bilinear, fill=77)",
  "colorJitter(1, contrast=1, saturation=1, hue=0.5)",
  "grayscale",
  "grayscale(3)",
  "randomGrayscale(0.5)",
  "randAugment(4, magnitude=30, interpolation=bilinear, fill=3)",
  "trivialAugmentWide",
];

const keys = Array.from({ length: 100 }, (_, row) => foldIn(randomKey(3, "augment", 1), row));

/** Awkward images: single pixels, lines, and larger ones. */
const images: readonly ImageBytes[] = Array.from({ length: 24 }, (_, i) => {
  const side = (k: number): number =>
    1 + Math.floor(uniform(randomKey(9, "sides"), 2 * i + k) ** 3 * 40);
  return drawImage(i, [side(0), side(1), i % 3 === 0 ? 1 : 3]);
});

test("all types are tried", () => {
  const tried = new Set(lists.flatMap((text) => parseTransforms(text).map(({ type }) => type)));
  assert.deepEqual([...tried].sort(), [...transformTypes].sort());
});

for (const text of lists) {
  describe(text, () => {
    const list = parseTransforms(text);
    const transform = composeTransforms(list);

    test("reads back what it prints", () => {
      assert.deepEqual(parseTransforms(formatTransforms(list)), list);
    });

    test("gives the shape that it promises, reads nothing outside the image and leaves it alone", () => {
      for (const [i, image] of images.entries()) {
        const before = Uint8Array.from(image.data);
        const [made, again] = [0, 255].map((guard) => transform(guarded(image, guard), keys[i]!));
        assert.deepEqual(made, again);
        const { data, ...shape } = made!;
        const { data: _, ...given } = image;
        assert.deepEqual(shape, transformedShape(list, given));
        assert.equal(data.length, shape.height * shape.width * shape.channels);
        assert.deepEqual(image.data, before);
      }
    });

    test("draws from its key alone", () => {
      const image = drawImage(1, [12, 14, 3]);
      const pictures = new Set<string>();
      for (const key of keys) {
        const made = transform(image, key);
        assert.deepEqual(transform(image, key), made);
        pictures.add(made.data.join());
      }
      const isVaried = pictures.size > 1;
      assert.equal(isVaried, list.some(isRandom));
    });

    if (!list.some(isRandom)) return;
    test("draws otherwise at another place of a list", () => {
      const image = drawImage(1, [12, 14, 3]);
      const elsewhere = composeTransforms(list, 1);
      assert.ok(
        keys.some((key) => transform(image, key).data.join() !== elsewhere(image, key).data.join()),
      );
    });
  });
}

describe("random amounts", () => {
  /** A white image with a dark left half: shows what was done to it. */
  const halves: ImageBytes = {
    height: 64,
    width: 64,
    channels: 1,
    data: Uint8Array.from({ length: 64 * 64 }, (_, i) => (i % 64 < 32 ? 0 : 255)),
  };

  test("randomResizedCrop takes shares between its bounds", () => {
    // A slope: the range of values in the crop tells which columns it took.
    const slope = { ...halves, data: Uint8Array.from({ length: 64 * 64 }, (_, i) => (i % 64) * 4) };
    const transform = composeTransforms(
      parseTransforms("randomResizedCrop(64, scale=[0.25, 0.25], ratio=[1, 1])"),
    );
    const starts = keys.map((key) => {
      const { data } = transform(slope, key);
      const [first, last] = [data[0]!, data[63]!];
      assert.ok(
        Math.abs(last - first - 31 * 4) <= 4,
        `a quarter of the image: ${first} to ${last}`,
      );
      return first / 4;
    });
    assert.ok(Math.min(...starts) < 4 && Math.max(...starts) > 28, "from everywhere");
  });

  test("randomRotation turns to both sides, and no further than asked", () => {
    const transform = composeTransforms(parseTransforms("randomRotation(20, fill=0)"));
    const slopes = keys.map((key) => {
      const { data } = transform(halves, key);
      const edge = (row: number): number =>
        data.subarray(row * 64, row * 64 + 64).findIndex((b) => b > 0);
      return (Math.atan2(edge(48) - edge(16), 32) * 180) / Math.PI;
    });
    assert.ok(slopes.every((angle) => Math.abs(angle) < 22));
    assert.ok(Math.min(...slopes) < -15 && Math.max(...slopes) > 15);
  });

  test("colorJitter changes brightness as far as asked", () => {
    const grey = { ...halves, data: new Uint8Array(64 * 64).fill(100) };
    const transform = composeTransforms(parseTransforms("colorJitter(0.4)"));
    const values = keys.map((key) => transform(grey, key).data[0]!);
    assert.ok(Math.min(...values) >= 59 && Math.min(...values) < 66);
    assert.ok(Math.max(...values) <= 140 && Math.max(...values) > 134);
  });
});
