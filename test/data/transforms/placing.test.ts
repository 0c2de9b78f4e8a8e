import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  composeTransforms,
  splitTransforms,
} from "../../../src/data/transforms/compose-transforms.js";
import { foldIn } from "../../../src/data/transforms/draws.js";
import type { ImageBytes } from "../../../src/data/transforms/image-bytes.js";
import { placeBatch } from "../../../src/data/transforms/place-batch.js";
import { formatTransforms, parseTransforms } from "../../../src/data/transforms/transform-text.js";
import { randomKey, uniform, type RandomKey } from "../../../src/tensor/random.js";
import { drawImage, guarded } from "./images.js";

const image = (height: number, width: number, ...data: readonly number[]): ImageBytes => ({
  height,
  width,
  channels: 1,
  data: Uint8Array.from(data),
});

const apply = (text: string, given: ImageBytes, key: RandomKey | null = null): ImageBytes =>
  composeTransforms(parseTransforms(text))(given, key);

const keys = Array.from({ length: 200 }, (_, i) => randomKey(i, "augment", 3));

const digits = image(2, 3, 1, 2, 3, 4, 5, 6);

describe("crops", () => {
  // torchvision 0.28: CenterCrop(size)(image)
  for (const [size, given, expected] of [
    ["[1,1]", digits, image(1, 1, 2)],
    ["[2,2]", digits, image(2, 2, 1, 2, 4, 5)],
    ["[1,2]", digits, image(1, 2, 1, 2)],
    ["[3,4]", digits, image(3, 4, 1, 2, 3, 0, 4, 5, 6, 0, 0, 0, 0, 0)],
    ["[4,5]", digits, image(4, 5, 0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 4, 5, 6, 0, 0, 0, 0, 0, 0)],
    ["[1,5]", digits, image(1, 5, 0, 1, 2, 3, 0)],
    ["2", image(1, 5, 1, 2, 3, 4, 5), image(2, 2, 3, 4, 0, 0)],
    ["[1,2]", image(1, 7, 1, 2, 3, 4, 5, 6, 7), image(1, 2, 3, 4)],
  ] as const) {
    test(`centerCrop(${size}) of ${given.height} x ${given.width} is torchvision's`, () => {
      assert.deepEqual(apply(`centerCrop(${size})`, given), expected);
    });
  }

  test("randomCrop takes every place equally often, and fills the border", () => {
    const seen = new Map<string, number>();
    for (const key of keys) {
      const { data } = apply("randomCrop([2, 3], padding=1, fill=9)", digits, key);
      seen.set(data.join(""), (seen.get(data.join("")) ?? 0) + 1);
    }
    assert.equal(seen.size, 9); // 3 rows by 3 columns to start from
    assert.ok(seen.has("123456") && seen.has("999912") && seen.has("569999"));
    assert.ok([...seen.values()].every((count) => count >= 8)); // of 22, three deviations of 4.4 below
  });

  test("randomCrop refuses an image that it does not fit", () => {
    assert.throws(() => apply("randomCrop(8, padding=2)", digits, keys[0]), {
      code: "ERR_DATA_TRANSFORM",
      message:
        "randomCrop: 8 x 8 does not fit into an image of 2 x 3 with a padding of 2;" +
        " resize the image first or raise the padding",
    });
  });
});

describe("moves", () => {
  test("go right and down, and fill what they leave", () => {
    assert.deepEqual([...apply("translate(1)", digits).data], [0, 1, 2, 0, 4, 5]);
    assert.deepEqual([...apply("translate(-2, y=1, fill=9)", digits).data], [9, 9, 9, 3, 9, 9]);
    assert.deepEqual([...apply("translate(0, y=-5)", digits).data], [0, 0, 0, 0, 0, 0]);
    assert.deepEqual(apply("translate", digits), digits);
  });
});

describe("flips", () => {
  test("swap sides", () => {
    assert.deepEqual([...apply("horizontalFlip", digits).data], [3, 2, 1, 6, 5, 4]);
    assert.deepEqual(
      [...apply("randomHorizontalFlip(1)", digits, keys[0]).data],
      [3, 2, 1, 6, 5, 4],
    );
    assert.deepEqual([...apply("randomVerticalFlip(1)", digits, keys[0]).data], [4, 5, 6, 1, 2, 3]);
    assert.deepEqual(apply("randomVerticalFlip(0)", digits, keys[0]), digits);
  });

  test("flip half of the images where nothing else is said", () => {
    for (const type of ["randomHorizontalFlip", "randomVerticalFlip"]) {
      const flipped = keys.filter((key) => apply(type, digits, key).data[0] !== 1).length;
      assert.ok(flipped > 79 && flipped < 121, `${flipped} of 200`); // three deviations of 7.1
    }
  });

  test("need a key", () => {
    assert.throws(() => apply("randomHorizontalFlip", digits), { code: "ERR_DATA_TRANSFORM" });
  });
});

describe("erasing", () => {
  const white = { ...drawImage(1, [20, 30, 1]), data: new Uint8Array(600).fill(255) };
  const covered = (text: string, key: RandomKey): number[] =>
    [...apply(text, white, key).data].flatMap((byte, i) => (byte === 255 ? [] : [i]));

  test("randomErasing covers a rectangle of the shares and ratios asked for", () => {
    for (const key of keys) {
      const pixels = covered("randomErasing(1, scale=[0.1, 0.2], ratio=[0.5, 2])", key);
      const columns = pixels.map((i) => i % 30);
      const height = Math.floor(pixels.at(-1)! / 30) - Math.floor(pixels[0]! / 30) + 1;
      const width = Math.max(...columns) - Math.min(...columns) + 1;
      assert.equal(pixels.length, height * width, "a rectangle");
      // Sides are rounded to pixels, by up to a half.
      assert.ok((height + 0.5) * (width + 0.5) >= 60 && (height - 0.5) * (width - 0.5) <= 120);
      assert.ok((height + 0.5) / (width - 0.5) >= 0.5 && (height - 0.5) / (width + 0.5) <= 2);
    }
  });

  test("randomErasing happens as often as asked", () => {
    const count = keys.filter((key) => covered("randomErasing(0.25)", key).length > 0).length;
    assert.ok(count > 31 && count < 69, `${count} of 200`); // three deviations of 6.1
  });

  test("cutout covers a square that the border cuts off", () => {
    const areas = keys.map((key) => covered("cutout(8)", key).length);
    assert.equal(Math.max(...areas), 64);
    assert.ok(Math.min(...areas) >= 16 && Math.min(...areas) < 40);
  });
});

describe("splitTransforms", () => {
  for (const [once, perSample, inKernel] of [
    ["none", "none", "none"],
    ["resize(96)", "none", "none"],
    ["none", "none", "randomCrop(32, padding=4) randomHorizontalFlip cutout(8)"],
    ["resize(40)", "none", "randomVerticalFlip randomHorizontalFlip randomCrop(32)"],
    ["resize(40)", "randomCrop(36)", "randomHorizontalFlip centerCrop(32)"],
    ["none", "cutout(4)", "randomHorizontalFlip"],
    ["centerCrop(20)", "cutout(4)", "randomErasing"],
    ["none", "randomHorizontalFlip resize(20)", "randomVerticalFlip"],
  ] as const) {
    test(`${once} | ${perSample} | ${inKernel}`, () => {
      const lists = [once, perSample, inKernel].map(parseTransforms);
      const parts = splitTransforms(lists.flat());
      assert.deepEqual([parts.once, parts.perSample, parts.inKernel].map(formatTransforms), [
        once,
        perSample,
        inKernel,
      ]);
    });
  }
});

describe("placeBatch", () => {
  /** What the op `ingest` makes of the numbers, as bytes. */
  function placed(given: ImageBytes, text: string, numbers: Int32Array): number[] {
    const { size, fill, eraseFill } = placeBatch(parseTransforms(text), 2, given);
    const [rowStart, rowStep, columnStart, columnStep, top, left, bottom, right] = numbers;
    const bytes: number[] = [];
    for (let h = 0; h < size.height; h++) {
      for (let w = 0; w < size.width; w++) {
        const [row, column] = [rowStart! + rowStep! * h, columnStart! + columnStep! * w];
        const isErased = h >= top! && h < bottom! && w >= left! && w < right!;
        const isInside = row >= 0 && row < given.height && column >= 0 && column < given.width;
        const pixel = (row * given.width + column) * given.channels;
        for (let c = 0; c < given.channels; c++)
          bytes.push(isErased ? eraseFill[c]! : isInside ? given.data[pixel + c]! : fill[c]!);
      }
    }
    return bytes;
  }

  for (const text of [
    "randomCrop(8, padding=3, fill=[7,8,9]) randomHorizontalFlip",
    "randomHorizontalFlip randomVerticalFlip randomCrop([5,12], padding=2)",
    "randomVerticalFlip centerCrop(15) randomHorizontalFlip randomErasing(1, fill=[1,2,3])",
    "randomCrop(7) cutout(5, fill=128)",
  ]) {
    test(`gives each row what the transforms give one by one: ${text}`, () => {
      const given = drawImage(1, [9, 10, 3]);
      const list = parseTransforms(text);
      const rows = Array.from({ length: 50 }, (_, row) => row);
      const epoch = randomKey(7);
      const numbers = placeBatch(list, 2, given).place(rows, epoch);
      for (const row of rows) {
        // As the third and further transforms of a list, which draw from streams of their own.
        const expected = composeTransforms(list, 2)(given, foldIn(epoch, row));
        const actual = placed(given, text, numbers.subarray(row * 8, row * 8 + 8));
        assert.deepEqual(actual, [...expected.data], `row ${row}`);
      }
    });
  }

  test("belongs to the row, whatever the batch", () => {
    const { place } = placeBatch(
      parseTransforms("randomCrop(8, padding=4)"),
      0,
      drawImage(1, [8, 8, 1]),
    );
    const together = place([3, 9, 4], randomKey(1));
    assert.deepEqual(place([9], randomKey(1)), together.subarray(8, 16));
    assert.notDeepEqual(place([9], randomKey(2)), together.subarray(8, 16));
  });

  test("without a key takes the middle", () => {
    const given = drawImage(1, [9, 12, 3]);
    const list = "randomHorizontalFlip randomCrop(6) cutout(5)";
    const numbers = placeBatch(parseTransforms(list), 0, given).place([4], null);
    assert.deepEqual(placed(given, list, numbers), [...apply("centerCrop(6)", given).data]);
  });

  test("without a key does what draws nothing", () => {
    const given = drawImage(1, [9, 12, 3]);
    const list = "randomCrop(6) horizontalFlip randomVerticalFlip";
    const numbers = placeBatch(parseTransforms(list), 0, given).place([4], null);
    const expected = apply("centerCrop(6) horizontalFlip", given);
    assert.deepEqual(placed(given, list, numbers), [...expected.data]);
  });
});

test("crops, flips and erasing read nothing outside an image, at any size", () => {
  const draws = randomKey(4, "sizes");
  for (let i = 0; i < 60; i++) {
    const [h, w, toH, toW] = [0, 1, 2, 3].map(
      (k) => 1 + Math.floor(uniform(draws, 4 * i + k) ** 2 * 30),
    );
    const given = drawImage(i, [h!, w!, 3]);
    const text =
      `randomCrop([${toH}, ${toW}], padding=30, fill=5) randomHorizontalFlip randomVerticalFlip` +
      ` randomErasing(1) centerCrop(${h}) cutout(${w})`;
    const results = [0, 255].map((guard) => apply(text, guarded(given, guard), keys[i]));
    assert.deepEqual(results[0], results[1], `${h} x ${w}: ${text}`);
    assert.equal(results[0]!.data.length, h! * h! * 3);
  }
});
