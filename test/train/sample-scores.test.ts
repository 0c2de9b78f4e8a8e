import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { emptyScores, scoreSamples, topAccuracy } from "../../src/train/sample-scores.js";

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

  test("fills in a batch at its place", () => {
    const scores = emptyScores(3);
    scoreSamples(scores, 2, [5, 1], 1, Int32Array.of(1, 1, 0));
    assert.deepEqual([...scores.ranks], [0, 0, 0]);
    assert.ok(scores.losses[2]! > 0 && scores.losses[0] === 0);
  });
});

test("topAccuracy counts the truths among the first k", () => {
  const ranks = Int32Array.of(0, 1, 4, 5);
  assert.deepEqual(
    [1, 2, 5, 6].map((k) => topAccuracy(ranks, k)),
    [0.25, 0.5, 0.75, 1],
  );
});
