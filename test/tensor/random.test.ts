import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { normal, permutation, randomKey, threefry, uniform } from "../../src/tensor/random.js";

/** Mean and deviation of n draws. */
function moments(draw: (i: number) => number, n: number): { mean: number; deviation: number } {
  const values = Array.from({ length: n }, (_, i) => draw(i));
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
  return { mean, deviation: Math.sqrt(variance) };
}

describe("threefry", () => {
  // Random123 1.14, kat_vectors: threefry2x32, 20 rounds: counter, key, result.
  for (const [c0, c1, k0, k1, x0, x1] of [
    [0, 0, 0, 0, 0x6b200159, 0x99ba4efe],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x1cb996fc, 0xbb002be7],
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xc4923a9c, 0x483df7a0],
  ] as const) {
    test(`known answer of counter ${c0.toString(16)} ${c1.toString(16)}`, () => {
      assert.deepEqual(threefry([k0, k1], c0, c1), [x0, x1]);
    });
  }

  test("takes keys that an i32 array gives back negative", () => {
    const key = randomKey(7, "negative");
    const signed = Int32Array.from(key);
    assert.ok(signed.some((word) => word < 0));
    assert.deepEqual(threefry([signed[0]!, signed[1]!], 3, 4), threefry(key, 3, 4));
  });
});

describe("randomKey", () => {
  test("depends on the seed, also beyond 32 bits, and on names, their order and their cuts", () => {
    const keys = [
      randomKey(1),
      randomKey(2),
      randomKey(1 + 2 ** 32),
      randomKey(1, "a", "b"),
      randomKey(1, "b", "a"),
      randomKey(1, "ab"),
      randomKey(1, 3),
      randomKey(1, "3"),
      randomKey(1, "ä"),
    ].map((key) => key.join());
    assert.equal(new Set(keys).size, keys.length);
    assert.deepEqual(randomKey(1, "a", 2), randomKey(1, "a", 2));
  });
});

describe("draws", () => {
  const key = randomKey(11, "draws");

  test("uniform lies in [0, 1), with the moments of the uniform distribution", () => {
    const n = 40_000;
    const { mean, deviation } = moments((i) => uniform(key, i), n);
    // Five standard errors: of the mean √(1/12 / n), of the deviation about √(1/180 / n).
    assert.ok(Math.abs(mean - 0.5) < 5 * Math.sqrt(1 / 12 / n), `${mean}`);
    assert.ok(Math.abs(deviation - Math.sqrt(1 / 12)) < 5 * Math.sqrt(1 / 60 / n), `${deviation}`);
    for (let i = 0; i < n; i++) {
      const value = uniform(key, i);
      assert.ok(value >= 0 && value < 1 && Math.fround(value) === value);
    }
  });

  test("normal has mean 0 and deviation 1", () => {
    const n = 40_000;
    const { mean, deviation } = moments((i) => normal(key, i), n);
    assert.ok(Math.abs(mean) < 5 / Math.sqrt(n), `${mean}`);
    assert.ok(Math.abs(deviation - 1) < 5 / Math.sqrt(2 * n), `${deviation}`);
  });

  test("the counter goes on beyond 32 bits", () => {
    assert.notEqual(uniform(key, 2 ** 32 + 5), uniform(key, 5));
  });

  test("a permutation has every number once, and another key gives another order", () => {
    const order = permutation(key, 100);
    assert.deepEqual(
      [...order].sort((a, b) => a - b),
      Array.from({ length: 100 }, (_, i) => i),
    );
    assert.deepEqual(permutation(key, 100), order);
    assert.notDeepEqual(permutation(randomKey(12, "draws"), 100), order);
    assert.deepEqual([...permutation(key, 0)], []);
  });

  test("every order of three is about as likely", () => {
    const counts = new Map<string, number>();
    const n = 6000;
    for (let seed = 0; seed < n; seed++) {
      const order = permutation(randomKey(seed, "order"), 3).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    assert.equal(counts.size, 6);
    // Five standard errors of a count of n draws with probability 1/6.
    for (const count of counts.values()) {
      assert.ok(Math.abs(count - n / 6) < 5 * Math.sqrt((n * 5) / 36), [...counts].join("; "));
    }
  });
});
