import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { errorChart, gradientChart } from "../../src/report/training-charts.js";
import type { EpochMetrics } from "../../src/train/metrics.js";
import { curves, texts } from "../helpers/svg.js";

const row = (epoch: number, trainAccuracy: number, validAccuracy: number): EpochMetrics => ({
  epoch,
  trainAccuracy,
  validAccuracy,
  trainLoss: 1,
  validLoss: 1,
  imagesPerSecond: 1000,
  learningRate: 0.1,
  seconds: 1,
});

describe("errorChart", () => {
  const svg = errorChart(
    new Map([
      ["plain20", [row(1, 0, 0.5), row(2, 0.5, 1)]],
      ["plain56", [row(1, 0, 0), row(2, 0, 0)]],
    ]),
    { validation: "test" },
  );

  test("draws errors in percent: training dashed, the other solid, for each training", () => {
    assert.deepEqual(curves(svg).slice(0, 2), [
      { points: "M76 97L724 253", dashed: true }, // 100 %, then 50 %, of 0 % … 100 %
      { points: "M76 253L724 409", dashed: false },
    ]);
    assert.equal(curves(svg).length, 2 + 2);
  });

  test("names each training once, and what is solid", () => {
    for (const name of ["plain20", "plain56", "Dashed: training. Solid: test."]) {
      assert.equal(texts(svg).filter((text) => text === name).length, 1, name);
    }
  });
});

test("gradientChart draws norms by layer on a logarithmic axis", () => {
  const norms = new Map([["net", new Map(Object.entries({ a: 0.1, b: 1, c: 10 }))]]);
  assert.deepEqual(curves(gradientChart(norms)), [
    { points: "M76 409L400 253L724 97", dashed: false },
  ]);
});
