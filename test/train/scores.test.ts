import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hitsWithin } from "../../src/train/metrics.js";
import { emptyScores, scoreSamples, SummedProbabilities } from "../../src/train/scores.js";

function scoresOf(logits: readonly number[], labels: readonly number[]) {
  const scores = emptyScores(labels.length);
  scoreSamples(scores, 0, logits, labels.length, Int32Array.from(labels));
  return scores;
}

describe("scoreSamples", () => {
  test("gives prediction, probability, cross-entropy and rank of the truth", () => {
    const { predictions, confidences, losses, ranks } = scoresOf([0, Math.log(3), -200], [0]);
    assert.deepEqual([...predictions], [1]);
    assert.deepEqual([...confidences], [0.75]);
    assert.deepEqual([...losses], [Math.fround(Math.log(4))]);
    assert.deepEqual([...ranks], [1]);
  });

  test("takes the first of equal logits, and counts so", () => {
    const { predictions, ranks } = scoresOf([1, 3, 3, 1, 3, 3, -1, -5, -1], [1, 2, 2]);
    assert.deepEqual([...predictions], [1, 1, 0]);
    assert.deepEqual([...ranks], [0, 1, 1]);
  });

  test("does not overflow", () => {
    const { confidences, losses } = scoresOf([1000, -1000], [1]);
    assert.deepEqual([confidences[0], losses[0]], [1, 2000]);
  });

  test("takes what is not a number for a miss", () => {
    const { ranks } = scoresOf([Number.NaN, Number.NaN, Number.NaN, 0, Number.NaN, 1], [0, 0]);
    assert.deepEqual([...ranks], [2, 2]);
  });

  test("keeps the probabilities of all classes if there is room for them", () => {
    const scores = emptyScores(2, 3);
    scoreSamples(scores, 1, [0, Math.log(3), 0], 1, Int32Array.of(0, 0));
    const expected = [0, 0, 0, 0.2, 0.6, 0.2]; // 1 : 3 : 1
    assert.deepEqual([...scores.probabilities!], [...Float32Array.from(expected)]);
    assert.equal(emptyScores(2).probabilities, undefined);
  });

  test("fills in a batch at its place", () => {
    const scores = emptyScores(3);
    scoreSamples(scores, 2, [5, 1], 1, Int32Array.of(1, 1, 0));
    assert.deepEqual([...scores.ranks], [0, 0, 0]);
    assert.ok(scores.losses[2]! > 0 && scores.losses[0] === 0);
  });
});

test("hitsWithin counts the labels among the first k", () => {
  const ranks = Int32Array.of(0, 1, 4, 5);
  assert.deepEqual(
    [1, 2, 5, 6].map((k) => hitsWithin(ranks, k)),
    [1, 2, 3, 4],
  );
});

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
