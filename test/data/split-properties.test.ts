// Splits, for any sizes, labels and seeds.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import { countLabels } from "../../src/data/labels.js";
import { fractionSizes, splitRows } from "../../src/data/split.js";

const seeds = fc.nat({ max: 2 ** 32 });
/** Labels of up to six classes, of any frequencies. */
const labelled = fc
  .array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 })
  .chain((counts) => {
    const labels = counts.flatMap((count, label) => Array<number>(count).fill(label));
    return fc.shuffledSubarray(labels, { minLength: labels.length });
  });

/** Three sizes that fit into `rows`. */
const sizesOf = (rows: number, cuts: readonly [number, number, number]) => {
  const [a = 0, b = 0, c = 0] = cuts.map((cut) => cut % (rows + 1)).sort((x, y) => x - y);
  return { train: a, valid: b - a, test: c - b };
};
const cuts = fc.tuple(fc.nat(), fc.nat(), fc.nat());
const check = { seed: 5, numRuns: 300 };

describe("splitRows, for any sizes and seed", () => {
  test("the parts have their sizes, and no row twice", () => {
    const property = fc.property(fc.nat({ max: 300 }), cuts, seeds, (rows, cut, seed) => {
      const sizes = sizesOf(rows, cut);
      const split = splitRows(rows, sizes, seed);
      const all = [...split.train, ...split.valid, ...split.test];
      assert.deepEqual(
        [split.train.length, split.valid.length, split.test.length],
        [sizes.train, sizes.valid, sizes.test],
      );
      assert.equal(new Set(all).size, all.length);
      assert.ok(all.every((row) => row >= 0 && row < rows));
    });
    fc.assert(property, check);
  });

  test("stratified parts have each class in its proportion, to two rows", () => {
    const property = fc.property(labelled, cuts, seeds, (labels, cut, seed) => {
      const rows = labels.length;
      const sizes = sizesOf(rows, cut);
      const split = splitRows(rows, sizes, seed, { stratifyBy: labels });
      const all = [...split.train, ...split.valid, ...split.test];
      assert.equal(new Set(all).size, all.length);
      const whole = countLabels(labels, 6);
      for (const part of ["train", "valid", "test"] as const) {
        assert.equal(split[part].length, sizes[part]);
        const counts = countLabels(
          [...split[part]].map((row) => labels[row]!),
          6,
        );
        for (const [label, count] of counts.entries()) {
          const fair = (whole[label]! * sizes[part]) / rows;
          assert.ok(Math.abs(count - fair) < 2, `${part}: ${count} of class ${label}, not ${fair}`);
        }
      }
    });
    fc.assert(property, check);
  });

  test("the same seed gives the same parts, another gives others", () => {
    const labels = Array.from({ length: 200 }, (_, row) => row % 3);
    for (const options of [{}, { stratifyBy: labels }]) {
      const parts = (seed: number) => splitRows(200, { train: 100, valid: 50 }, seed, options);
      fc.assert(
        fc.property(seeds, (seed) => {
          assert.deepEqual(parts(seed), parts(seed));
          assert.notDeepEqual(parts(seed).train, parts(seed + 1).train);
        }),
        { seed: 6, numRuns: 50 },
      );
    }
  });

  test("the parts of today are those of every machine and version", () => {
    // Digests of the same algorithm on NumPy, with tools/threefry.py. They pin the draws: a change of them would silently move images between training and validation.
    const digest = (parts: Readonly<Record<string, Int32Array>>): string => {
      const hash = createHash("sha256");
      for (const rows of Object.values(parts)) hash.update([...rows].join());
      return hash.digest("hex").slice(0, 16);
    };
    const labels = Array.from({ length: 1000 }, (_, row) => (row * row) % 7);
    const sizes = { train: 700, valid: 200 };
    assert.equal(digest(splitRows(1000, sizes, 42)), "7ed8433a2a4b3021");
    assert.equal(digest(splitRows(1000, sizes, 42, { stratifyBy: labels })), "4dc479da4a2b374e");
  });

  test("classes to stratify by must be as many as the rows", () => {
    assert.throws(() => splitRows(3, { train: 1 }, 1, { stratifyBy: [0, 1] }), {
      code: "ERR_DATA_COUNT",
      message: "there are 3 rows but 2 classes to stratify by",
    });
  });
});

describe("fractionSizes", () => {
  test("each part is less than one row from its fraction, and nothing is lost", () => {
    const weights = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 6 });
    const property = fc.property(fc.nat({ max: 10_000 }), weights, (rows, parts) => {
      const sum = parts.reduce((total, part) => total + part, 0) || 1;
      const fractions = Object.fromEntries(parts.map((part, i) => [`part${i}`, part / sum]));
      const sizes = fractionSizes(rows, fractions);
      for (const [name, fraction] of Object.entries(fractions)) {
        assert.ok(Number.isInteger(sizes[name]) && sizes[name]! >= 0);
        assert.ok(Math.abs(sizes[name]! - fraction * rows) <= 1 + 1e-6);
      }
      const total = Object.values(sizes).reduce((all, size) => all + size, 0);
      if (parts.some((part) => part > 0)) assert.equal(total, rows);
    });
    fc.assert(property, check);
  });

  test("names fractions that are none, or too many together", () => {
    assert.throws(() => fractionSizes(10, { train: 1.5 }), {
      code: "ERR_DATA_ROWS",
      message: "the fraction of train is 1.5 but takes a number from 0 to 1",
    });
    assert.throws(() => fractionSizes(10, { train: 0.9, valid: 0.2 }), {
      code: "ERR_DATA_ROWS",
      message: "the fractions (train 0.9, valid 0.2) exceed 1 together",
    });
  });
});
