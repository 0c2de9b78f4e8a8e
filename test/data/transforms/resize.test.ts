import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  composeTransforms,
  transformedShape,
} from "../../../src/data/transforms/compose-transforms.js";
import { plainLoops } from "../../../src/data/transforms/pixel-loops.js";
import { resample, type Interpolation } from "../../../src/data/transforms/resample.js";
import { loadAddon } from "../../../src/node/native/load-addon.js";
import { parseTransforms } from "../../../src/data/transforms/transform-text.js";
import { transformSchema } from "../../../src/data/transforms/transform.js";
import { randomKey, uniform } from "../../../src/tensor/random.js";
import { assertImage, casesOf, drawImage, guarded, type ExpectedImage } from "./images.js";

interface ResizeCase {
  readonly seed: number;
  readonly image: readonly [number, number, number];
  readonly size: readonly [number, number];
  readonly interpolation: Interpolation;
  readonly expected: ExpectedImage;
}

describe("resize", () => {
  for (const { seed, image, size, interpolation, expected } of casesOf<ResizeCase>("resize")) {
    test(`is Pillow's: ${image.join(" x ")} to ${size.join(" x ")}, ${interpolation}`, () => {
      const transform = transformSchema.parse({ type: "resize", size, interpolation });
      assertImage(composeTransforms([transform])(drawImage(seed, image), null), expected);
    });
  }

  // torchvision 0.28: Resize(size)(Image.new("L", (width, height))).size
  for (const [size, height, width, newHeight, newWidth] of [
    [96, 28, 28, 96, 96],
    [256, 375, 500, 256, 341],
    [256, 500, 375, 341, 256],
    [7, 3, 10, 7, 23],
    [2, 5, 3, 3, 2],
    [224, 224, 300, 224, 300],
  ] as const) {
    test(`makes ${size} the shorter side of ${height} x ${width}`, () => {
      const list = [transformSchema.parse({ type: "resize", size })];
      const expected = { height: newHeight, width: newWidth, channels: 1 };
      assert.deepEqual(transformedShape(list, { height, width, channels: 1 }), expected);
      const image = drawImage(1, [height, width, 1]);
      const { data, ...made } = composeTransforms(list)(image, null);
      assert.deepEqual(made, expected);
      assert.equal(data.length, newHeight * newWidth);
    });
  }

  test("leaves an image of that size as it is", () => {
    const image = drawImage(1, [5, 4, 3]);
    assert.equal(resample(image, image, "bicubic"), image);
  });

  test("reads nothing outside the image, at any size", () => {
    const draws = randomKey(2, "sizes");
    for (let i = 0; i < 60; i++) {
      const [h, w, toH, toW] = [0, 1, 2, 3].map(
        (k) => 1 + Math.floor(uniform(draws, 4 * i + k) ** 2 * 40),
      ) as [number, number, number, number];
      const image = drawImage(i, [h, w, i % 2 === 0 ? 1 : 3]);
      const interpolation = i % 3 === 0 ? "bicubic" : "bilinear";
      const results = [0, 255].map((guard) =>
        resample(guarded(image, guard), { height: toH, width: toW }, interpolation),
      );
      assert.deepEqual(results[0], results[1], `${h} x ${w} to ${toH} x ${toW}`);
      assert.equal(results[0]!.data.length, toH * toW * image.channels);
    }
  });

  test("refuses to make a sliver into gigabytes", () => {
    const sliver = { height: 1, width: 60_000, channels: 1, data: new Uint8Array(60_000) };
    assert.throws(() => composeTransforms(parseTransforms("resize(256)"))(sliver, null), {
      code: "ERR_DATA_TRANSFORM",
      message:
        "resize: an image of 1 x 60000 would become 256 x 15360000 pixels, more than 67108864;" +
        " crop it, or give height and width",
    });
  });

  describe("by the native engine", () => {
    const { resampleAxis } = loadAddon();

    for (const each of casesOf<ResizeCase>("resize")) {
      const { seed, image, size, interpolation, expected } = each;
      test(`is Pillow's: ${image.join(" x ")} to ${size.join(" x ")}, ${interpolation}`, (t) => {
        const spy = t.mock.fn(resampleAxis);
        const [height, width] = size;
        const loops = { ...plainLoops, resampleAxis: spy };
        assertImage(
          resample(drawImage(seed, image), { height, width }, interpolation, loops),
          expected,
        );
        assert.equal(spy.mock.callCount() > 0, height !== image[0] || width !== image[1]);
      });
    }

    test("is TypeScript's at any size", () => {
      const draws = randomKey(3, "sizes");
      for (let i = 0; i < 60; i++) {
        const [h, w, height, width] = [0, 1, 2, 3].map(
          (k) => 1 + Math.floor(uniform(draws, 4 * i + k) ** 2 * 90),
        ) as [number, number, number, number];
        const image = drawImage(i, [h, w, i % 2 === 0 ? 1 : 3]);
        const results = [plainLoops, { ...plainLoops, resampleAxis }].map((loops) =>
          resample(image, { height, width }, i % 3 === 0 ? "bicubic" : "bilinear", loops),
        );
        assert.deepEqual(results[0], results[1], `${h} x ${w} to ${height} x ${width}`);
      }
    });

    test("refuses taps outside the image", () => {
      const call = (start: number, count: number, stride = 2) =>
        resampleAxis(new Uint8Array(12), new Uint8Array(3), 1, 3, {
          start: Int32Array.of(start),
          count: Int32Array.of(count),
          weights: new Int32Array(2),
          stride,
        });
      call(2, 2);
      for (const [start, count, stride] of [
        [3, 2],
        [-1, 2],
        [0, 3],
        [0, -1],
        [0, 1, 3],
      ] as const)
        assert.throws(() => call(start, count, stride), /do not fit each other/);
    });
  });

  test("keeps an even image even", () => {
    for (const interpolation of ["bilinear", "bicubic"] as const) {
      const image = { height: 7, width: 9, channels: 1, data: new Uint8Array(63).fill(200) };
      const { data } = resample(image, { height: 20, width: 3 }, interpolation);
      assert.ok(data.every((byte) => byte === 200));
    }
  });
});
