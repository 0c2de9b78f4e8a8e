import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { balancedClassWeights, balancedRows, countLabels } from "../../src/data/labels.js";

describe("balancedClassWeights", () => {
  test("is scikit-learn's", () => {
    // sklearn 1.9: compute_class_weight("balanced", classes=[0, 1, 2], y=[0, 0, 0, 0, 0, 1, 2, 2])
    const weights = balancedClassWeights([0, 0, 0, 0, 0, 1, 2, 2], 3);
    const expected = [0.5333333333333333, 2.6666666666666665, 1.3333333333333333];
    assert.deepEqual(weights, expected);
  });

  test("leaves a class without rows out, which counts 1", () => {
    // compute_class_weight("balanced", classes=[0, 2], y=[0, 0, 0, 2])
    assert.deepEqual(balancedClassWeights([0, 0, 0, 2], 3), [2 / 3, 1, 2]);
  });
});

describe("balancedRows, for any labels", () => {
  const labels = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 200 });

  test("has as many rows, the same of each class, each as often as the others of its class", () => {
    const property = fc.property(labels, fc.nat(), fc.nat({ max: 50 }), (given, seed, epoch) => {
      const rows = balancedRows(given, seed, epoch);
      assert.equal(rows.length, given.length);
      const whole = countLabels(given, 5);
      const drawn = countLabels(
        [...rows].map((row) => given[row]!),
        5,
      );
      const share = given.length / whole.filter((count) => count > 0).length;
      const times = countLabels(rows, given.length);
      for (const [label, count] of drawn.entries()) {
        if (whole[label] === 0) assert.equal(count, 0);
        else assert.ok(Math.abs(count - share) < 1);
        const each = [...times].filter((_, row) => given[row] === label);
        if (each.length > 0) assert.ok(Math.max(...each) - Math.min(...each) <= 1);
      }
      assert.deepEqual(rows, balancedRows(given, seed, epoch));
    });
    fc.assert(property, { seed: 7, numRuns: 300 });
  });

  test("takes other rows of a large class in another epoch", () => {
    const given = [...Array<number>(90).fill(0), ...Array<number>(10).fill(1)];
    const ofEpoch = (epoch: number) =>
      new Set([...balancedRows(given, 1, epoch)].filter((row) => row < 90));
    assert.equal(ofEpoch(0).size, 50);
    assert.notDeepEqual(ofEpoch(0), ofEpoch(1));
  });
});
