import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  accuracyMetric,
  isBest,
  lossMetric,
  metricKey,
  topKMetric,
  type EpochMetrics,
} from "../../src/train/metrics.js";

const batches = [
  { samples: 3, loss: 1, correct: 2, ranks: [0, 0, 4] },
  { samples: 1, loss: 5, correct: 0, ranks: [5] },
];

describe("metrics", () => {
  test("are means over samples, not over batches", () => {
    const values = [lossMetric(), accuracyMetric(), topKMetric(5)].map((metric) => {
      for (const batch of batches) metric.update(batch);
      return metric.compute();
    });
    assert.deepEqual(values, [2, 0.5, 0.75]);
  });

  test("are NaN before the first batch and after a reset", () => {
    const metric = lossMetric();
    assert.ok(Number.isNaN(metric.compute()));
    metric.update(batches[0]!);
    metric.reset();
    assert.ok(Number.isNaN(metric.compute()));
  });

  test("go on from their sums", () => {
    const [first, second] = [accuracyMetric(), accuracyMetric()];
    first.update(batches[0]!);
    second.sums = JSON.parse(JSON.stringify(first.sums)) as number[];
    for (const metric of [first, second]) metric.update(batches[1]!);
    assert.equal(second.compute(), first.compute());
  });

  test("have a key for each part of the data", () => {
    assert.equal(metricKey("valid", "top5"), "validTop5");
  });
});

test("the best epoch is the first with the best value, and never one without a value", () => {
  const epochs = (values: readonly number[]) =>
    values.map((validAccuracy) => ({ validAccuracy }) as EpochMetrics);
  const watched = { name: "validAccuracy", better: "higher" } as const;
  assert.ok(isBest(epochs([0.5, NaN, 0.6]), watched));
  assert.ok(!isBest(epochs([0.6, 0.6]), watched));
  assert.ok(!isBest(epochs([0.5, NaN]), watched));
  assert.ok(isBest(epochs([0.5, 0.4]), { ...watched, better: "lower" }));
});
