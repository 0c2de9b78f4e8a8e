import assert from "node:assert/strict";
import { test } from "node:test";
import { SummedProbabilities } from "../../src/train/summed-probabilities.js";

function assertNear(found: ArrayLike<number>, expected: readonly number[]): void {
  assert.equal(found.length, expected.length);
  for (const [i, value] of expected.entries()) {
    assert.ok(
      Math.abs(found[i]! - value) < 1e-12 * Math.max(1, Math.abs(value)),
      `${found[i]} ${value}`,
    );
  }
}

test("probabilities of views are summed at their rows", () => {
  const sums = new SummedProbabilities(3);
  sums.add(0, [Math.log(1), Math.log(3), 5, 5], 2);
  sums.add(2, [0, Math.log(4)], 1);
  sums.add(0, [Math.log(6), Math.log(2)], 1);
  assertNear(Array.from(sums.logarithms, Math.exp), [0.25 + 0.75, 0.75 + 0.25, 0.5, 0.5, 0.2, 0.8]);
});

test("logits of any size keep their order, and what is not a number stays so", () => {
  const sums = new SummedProbabilities(2);
  sums.add(0, [1000, -1000, -1001, 0, NaN, 0], 2);
  assertNear(sums.logarithms.subarray(0, 3), [0, -2000, -2001]);
  assert.ok(sums.logarithms.subarray(3).every(Number.isNaN));
  sums.add(0, [1000, -1000, -Infinity], 1);
  assertNear(sums.logarithms.subarray(0, 3), [Math.log(2), -2000 + Math.log(2), -2001]);
});
