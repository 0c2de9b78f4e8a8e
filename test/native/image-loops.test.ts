// The native loops that crop, flip and resize: TypeScript's bytes, and nothing outside an image.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { plainLoops, type PixelWalk } from "../../src/data/transforms/pixel-loops.js";
import { resample } from "../../src/data/transforms/resample.js";
import { loadAddon } from "../../src/node/native/load-addon.js";
import { randomKey, uniform } from "../../src/tensor/random.js";
import { drawImage } from "../data/transforms/images.js";

const { copyPixels, resampleAxis } = loadAddon();

/** Whole numbers from `low` to `high`, one after the other. */
function integers(name: string): (low: number, high: number) => number {
  const key = randomKey(5, name);
  let drawn = 0;
  return (low, high) => low + Math.floor(uniform(key, drawn++) * (high - low + 1));
}

describe("copyPixels", () => {
  const copied = (
    loops: typeof copyPixels,
    source: Uint8Array,
    channels: number,
    walk: PixelWalk,
  ) => {
    const target = new Uint8Array(walk.height * walk.width * channels).fill(77);
    loops(source, target, channels, walk);
    return target;
  };

  test("is TypeScript's, of any part, upright or mirrored", () => {
    const integer = integers("parts");
    for (let i = 0; i < 300; i++) {
      const channels = integer(1, 4);
      const [rows, columns] = [integer(1, 12), integer(1, 12)];
      const source = Uint8Array.from({ length: rows * columns * channels }, () => integer(0, 255));
      const [top, left] = [integer(0, rows - 1), integer(0, columns - 1)];
      const [height, width] = [integer(1, rows - top), integer(1, columns - left)];
      const [isFlipped, isMirrored] = [integer(0, 1) === 1, integer(0, 1) === 1];
      const start =
        (top + (isFlipped ? height - 1 : 0)) * columns + left + (isMirrored ? width - 1 : 0);
      const walk = {
        start,
        height,
        width,
        perRow: isFlipped ? -columns : columns,
        perColumn: isMirrored ? -1 : 1,
      } as const;
      const expected = copied(plainLoops.copyPixels, source, channels, walk);
      assert.deepEqual(copied(copyPixels, source, channels, walk), expected, JSON.stringify(walk));
    }
  });

  test("refuses a part that leaves the image, or does not fill the other", () => {
    const walk = { start: 0, perRow: 4, perColumn: 1, height: 3, width: 4 };
    const call = (changes: Partial<PixelWalk>, made = 36, channels = 3) => {
      copyPixels(new Uint8Array(36), new Uint8Array(made), channels, { ...walk, ...changes });
    };
    call({});
    call({ start: 8, perRow: -4 });
    for (const changes of [
      { start: 1 },
      { start: -1 },
      { perRow: 5 },
      { perRow: -4 },
      { perColumn: -1 as const },
      { perColumn: 2 as 1 },
      { height: 0 },
      { start: 2 ** 62 },
      { perRow: 2 ** 62, height: 1 },
    ])
      assert.throws(() => call(changes), TypeError, JSON.stringify(changes));
    assert.throws(() => call({}, 35), TypeError);
    assert.throws(() => call({}, 36, 0), TypeError);
    assert.throws(() => call({ height: 4 }, 48), TypeError);
  });
});

test("resampleAxis refuses sizes that the arrays do not have, also where their product overflows", () => {
  const taps = (to: number, stride: number) => ({
    start: new Int32Array(to),
    count: new Int32Array(to).fill(1),
    weights: new Int32Array(to * stride),
    stride,
  });
  const call = (bytes: number, outer: number, inner: number, to = 2): void => {
    resampleAxis(new Uint8Array(bytes), new Uint8Array(bytes), outer, inner, taps(to, 1));
  };
  call(12, 2, 3);
  const large = 2 ** 30;
  for (const [bytes, outer, inner, to] of [
    [12, 3, 3],
    [0, large, large],
    [0, large, large, 16],
    [12, -2, -3],
    [12, 0, 3],
  ] as const)
    assert.throws(() => call(bytes, outer, inner, to), TypeError, `${outer} x ${inner}`);
});

test("resampleAxis is TypeScript's, for as many lines as there are", () => {
  const integer = integers("sizes");
  for (let lines = 1; lines < 40; lines++) {
    const image = drawImage(lines, [lines, integer(1, 40), 3]);
    const size = { height: integer(1, 60), width: integer(1, 60) };
    const results = [plainLoops, { ...plainLoops, resampleAxis }].map((loops) =>
      resample(image, size, lines % 2 ? "bilinear" : "bicubic", loops),
    );
    assert.deepEqual(results[0], results[1], `${lines} x ${image.width}`);
  }
});
