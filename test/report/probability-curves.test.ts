// Areas and calibration beside scikit-learn's: tools/curve_fixtures.py.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { precisionRecallChart, rocChart } from "../../src/report/probability-charts.js";
import {
  calibration,
  precisionRecallCurves,
  rocCurves,
  type ThresholdCurve,
} from "../../src/report/probability-curves.js";
import { curves, texts } from "../helpers/svg.js";

interface Case {
  readonly name: string;
  readonly labels: readonly number[];
  readonly probabilities: readonly number[];
  readonly classes: readonly string[];
  readonly rocAreas: readonly (number | null)[];
  readonly averagePrecisions: readonly (number | null)[];
  readonly calibration: { readonly accuracy: number[]; readonly confidence: number[] };
}

const file = join("test", "fixtures", "report", "probability-curves.json");
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly Case[] };

/** Sums of at most 200 numbers below 1 in another order: some units of the last digit of a double. */
const tolerance = 1e-14;

function assertAreas(found: readonly ThresholdCurve[], expected: readonly (number | null)[]): void {
  assert.equal(found.length, expected.length);
  expected.forEach((area, c) => {
    if (area === null) assert.ok(Number.isNaN(found[c]!.area));
    else assert.ok(Math.abs(found[c]!.area - area) < tolerance, `class ${c}: ${found[c]!.area}`);
  });
}

for (const each of cases) {
  const { name, labels, probabilities, classes } = each;
  describe(`${name}: as scikit-learn has it`, () => {
    test("the area below each ROC curve", () => {
      assertAreas(rocCurves(each), each.rocAreas);
    });

    test("the average precision of each class", () => {
      assertAreas(precisionRecallCurves(each), each.averagePrecisions);
    });

    test("the calibration curve", () => {
      const rows = labels.map((_, i) =>
        probabilities.slice(i * classes.length, (i + 1) * classes.length),
      );
      const confidences = rows.map((row) => Math.max(...row));
      const isRight = (i: number): boolean => rows[i]!.indexOf(confidences[i]!) === labels[i];
      const { bins } = calibration(confidences, isRight);
      const { accuracy, confidence } = each.calibration;
      assert.equal(bins.length, accuracy.length);
      bins.forEach((bin, i) => {
        assert.ok(Math.abs(bin.accuracy - accuracy[i]!) < tolerance);
        assert.ok(Math.abs(bin.confidence - confidence[i]!) < tolerance);
      });
    });
  });
}

test("the calibration error is the mean distance of confidence and accuracy", () => {
  // Two samples of 0.9, one right: |0.9 - 0.5|; two of 0.6, both right: |0.6 - 1|.
  const { error } = calibration([0.9, 0.6, 0.9, 0.6], (i) => i !== 2);
  assert.ok(Math.abs(error - 0.4) < 1e-12);
});

describe("the charts of probabilities", () => {
  const perfect = { probabilities: [0.9, 0.1, 0.4, 0.6], labels: [0, 1], classes: ["a", "b"] };

  test("name each class with its area, and their mean", () => {
    for (const chart of [rocChart(perfect), precisionRecallChart(perfect)]) {
      assert.ok(texts(chart).includes("a 1.0000"));
      assert.ok(texts(chart).includes("Areas below the curves beside the names; mean 1.0000"));
    }
    // Up at once, then along the top: the plot is 448 x 412 pixels.
    assert.deepEqual(curves(rocChart(perfect))[0]!.points, "M76 509L76 97L524 97");
  });

  test("show the ten least areas of more classes", () => {
    const classes = Array.from({ length: 12 }, (_, c) => `class ${c}`);
    // Sample c is of class c. Classes 0 and 1 are not confused: the others give more to the sample before.
    const probabilities = classes.flatMap((_, sample) =>
      classes.map((__, c) => Number(sample === c) + (c > 1 && sample === c - 1 ? 2 : 0)),
    );
    const svg = rocChart({ probabilities, labels: classes.map((_, c) => c), classes });
    assert.equal(curves(svg).length, 10);
    assert.ok(!texts(svg).some((text) => /^class [01] /.test(text)));
  });
});
