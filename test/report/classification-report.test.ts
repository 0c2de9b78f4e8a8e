import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  classificationReport,
  formatClassificationReport,
  type Scores,
} from "../../src/report/classification-report.js";
import { confusionMatrix } from "../../src/report/confusion-matrix.js";

interface SklearnScores {
  readonly precision: number;
  readonly recall: number;
  readonly "f1-score": number;
  readonly support: number;
}

interface Fixture {
  readonly name: string;
  readonly labels: readonly number[];
  readonly predictions: readonly number[];
  readonly classes: readonly string[];
  readonly digits: number;
  readonly matrix: readonly (readonly number[])[];
  readonly text: string;
  readonly scores: Readonly<Record<string, SklearnScores>> & { readonly accuracy: number };
}

// Made by tools/report_fixtures.py with scikit-learn; REPORT_FIXTURES names another of its files.
const path =
  process.env["REPORT_FIXTURES"] ??
  join(process.cwd(), "test/fixtures/report/classification-reports.json");
const { cases } = JSON.parse(readFileSync(path, "utf8")) as { readonly cases: readonly Fixture[] };

describe("the classification report is scikit-learn's", () => {
  for (const { name, labels, predictions, classes, digits, matrix, text, scores } of cases) {
    test(name, () => {
      const counted = confusionMatrix(labels, predictions, classes.length);
      assert.deepEqual(counted, matrix);
      const report = classificationReport(counted, classes);
      assert.equal(formatClassificationReport(report, digits), text);
      assert.equal(report.accuracy, scores.accuracy);
      const same = (ours: Scores, theirs: SklearnScores | undefined): void => {
        const { precision, recall, f1, support } = ours;
        assert.deepEqual({ precision, recall, "f1-score": f1, support }, theirs); // to the last bit
      };
      report.classes.forEach((row, i) => same(row, scores[String(i)]));
      same(report.macroAverage, scores["macro avg"]);
      same(report.weightedAverage, scores["weighted avg"]);
    });
  }
});

describe("classificationReport", () => {
  test("keeps labels and predictions apart", () => {
    const [cat] = classificationReport(confusionMatrix([0, 0, 0, 1], [0, 1, 1, 1], 2), [
      "cat",
      "dog",
    ]).classes;
    assert.equal(cat!.precision, 1); // what was called a cat is one
    assert.equal(cat!.recall, 1 / 3); // but two of three cats were missed
  });

  test("of no samples is all zeros", () => {
    const { accuracy, macroAverage, weightedAverage } = classificationReport(
      confusionMatrix([], [], 2),
      ["a", "b"],
    );
    assert.equal(accuracy, 0);
    assert.deepEqual(macroAverage, { precision: 0, recall: 0, f1: 0, support: 0 });
    assert.deepEqual(weightedAverage, macroAverage);
  });

  test("survives JSON as it is", () => {
    const report = classificationReport(confusionMatrix([0, 1], [0, 0], 2), ["a", "b"]);
    assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
  });
});

describe("the errors of reports", () => {
  const names = ["a", "b", "c"];
  for (const [what, run, code, message] of [
    [
      "labels and predictions of different number",
      () => confusionMatrix([0, 1, 2], [0, 1], 3),
      "ERR_REPORT_LENGTH",
      "3 labels but 2 predictions",
    ],
    [
      "a label that is no class",
      () => confusionMatrix([0, 3], [0, 0], 3),
      "ERR_REPORT_CLASS",
      "the label of sample 1 is 3 but the classes are 0 to 2",
    ],
    [
      "a prediction that is no class",
      () => confusionMatrix([0, 1], [0.5, 0], 3),
      "ERR_REPORT_CLASS",
      "the prediction of sample 0 is 0.5 but the classes are 0 to 2",
    ],
    [
      "a matrix of another size than the classes",
      () =>
        classificationReport(
          [
            [1, 2],
            [3, 4],
          ],
          names,
        ),
      "ERR_REPORT_MATRIX",
      "classificationReport: the matrix is 2 x 2 but there are 3 classes",
    ],
    [
      "a matrix that is not square",
      () =>
        classificationReport(
          [
            [1, 2, 3],
            [3, 4],
            [1, 2, 3],
          ],
          names,
        ),
      "ERR_REPORT_MATRIX",
      "classificationReport: the matrix is 3 x 2 but there are 3 classes",
    ],
    [
      "digits that cannot be printed",
      () => formatClassificationReport(classificationReport([[1]], ["a"]), 21),
      "ERR_REPORT_DIGITS",
      "21 digits were asked for but 0 to 20 can be printed",
    ],
  ] as const) {
    test(what, () => assert.throws(run, { name: "ReportError", code, message }));
  }
});
