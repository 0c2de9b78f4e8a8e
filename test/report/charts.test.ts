import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { accuracyChart } from "../../src/report/accuracy-chart.js";
import { confusionChart } from "../../src/report/confusion-chart.js";
import type { EpochMetrics } from "../../src/train/epoch-metrics.js";
import { lossChart } from "../../src/report/loss-chart.js";

const row = (epoch: number, trainLoss: number, validLoss: number, validAccuracy: number) =>
  ({
    epoch,
    trainLoss,
    trainAccuracy: validAccuracy,
    validLoss,
    validAccuracy,
    imagesPerSecond: 1000,
    learningRate: 0.1,
    seconds: 1,
  }) satisfies EpochMetrics;

const falling = [row(1, 2, 0, 0.5), row(2, 1, 1, 0.75), row(3, 0, 2, 1)];

const texts = (svg: string): string[] =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!);

/** The points of the curves, in pixels: those are the strokes of 2.25 pixels. */
const curves = (svg: string): string[] =>
  [...svg.matchAll(/<path d="([^"]*)"[^>]*stroke-width="2\.25"/g)].map(([, points]) => points!);

/** Where a text stands, in pixels. */
function placeOf(svg: string, text: string): { x: number; y: number } {
  const place = new RegExp(`translate\\(([\\d.]+) ([\\d.]+)\\)"[^>]*>${text}</text>`).exec(svg);
  assert.ok(place, `${text} is not in the chart`);
  return { x: Number(place[1]), y: Number(place[2]) };
}

/** Fails unless every tag is closed in its order and no attribute has a value without quotes. */
function assertWellFormed(svg: string): void {
  const open: string[] = [];
  for (const [tag, end, name, rest] of svg.matchAll(
    /<(\/?)([\w:]+)((?:\s+[\w:-]+="[^"<]*")*)\s*\/?>/g,
  )) {
    if (end) assert.equal(open.pop(), name);
    else if (!tag.endsWith("/>")) open.push(name!);
    assert.equal(typeof rest, "string");
  }
  assert.deepEqual(open, []);
  assert.equal(
    svg.replaceAll(/<(\/?)([\w:]+)((?:\s+[\w:-]+="[^"<]*")*)\s*\/?>/g, "").includes("<"),
    false,
  );
  assert.equal(/&(?!(amp|lt|gt|quot|#\d+);)/.test(svg), false);
}

const charts = {
  loss: () => lossChart(falling),
  "loss of 100 epochs": () =>
    lossChart(Array.from({ length: 100 }, (_, i) => row(i + 1, 3 / (i + 1), 3 / (i + 2), 0.5))),
  "loss without epochs": () => lossChart([]),
  "loss of one epoch": () => lossChart([row(1, 2.3, 2.2, 0.1)]),
  "loss that is not finite": () =>
    lossChart([
      row(1, 2, 2, 0.1),
      row(2, Number.NaN, Number.POSITIVE_INFINITY, 0.1),
      row(3, 1, 1, 0.2),
    ]),
  accuracy: () => accuracyChart(falling),
  confusion: () =>
    confusionChart(
      [
        [5, 1],
        [0, 9],
      ],
      ["T-shirt/top", 'a <b> & "c"'],
    ),
  "confusion of no class": () => confusionChart([], []),
  "confusion of 100 classes": () =>
    confusionChart(
      Array.from({ length: 100 }, (_, i) => Array.from({ length: 100 }, (__, j) => i * j)),
      Array.from({ length: 100 }, (_, i) => `class ${i}`),
    ),
};

describe("every chart", () => {
  for (const [name, draw] of Object.entries(charts)) {
    test(`${name}: is well-formed, self-contained and the same each time`, () => {
      const svg = draw();
      assertWellFormed(svg);
      assert.match(svg, /^<svg width="\d+" height="\d+" xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
      assert.equal(svg, draw());
      assert.equal(/NaN|Infinity|undefined|<script|<style|href=|zr\d|class=/.test(svg), false);
      const ids = [...svg.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
      assert.equal(new Set(ids).size, ids.length);
      for (const [, id] of svg.matchAll(/url\(#([^)]*)\)/g)) assert.ok(ids.includes(id));
    });
  }
});

describe("lossChart", () => {
  test("draws training and validation on one axis that begins at zero", () => {
    const svg = lossChart(falling);
    assert.deepEqual(curves(svg), ["M76 66L400 222L724 378", "M76 378L400 222L724 66"]);
  });

  test("names its axes and curves", () => {
    const labels = texts(lossChart(falling));
    for (const label of ["Loss", "Epoch", "Mean cross-entropy (nats)", "training", "validation"]) {
      assert.equal(labels.filter((text) => text === label).length, 1, label);
    }
    assert.deepEqual(labels.filter((text) => /^\d$/.test(text)).sort(), [
      "0",
      "1",
      "1",
      "2",
      "2",
      "3",
    ]);
  });

  test("leaves a gap where a loss is not finite", () => {
    const epochs = [1, 2, 3, 4, 5].map((epoch) => row(epoch, epoch === 3 ? Number.NaN : 1, 1, 0.5));
    const [training, validation] = curves(lossChart(epochs));
    assert.equal(training!.match(/M/g)?.length, 2);
    assert.equal(validation!.match(/M/g)?.length, 1);
  });
});

describe("accuracyChart", () => {
  test("draws percent, up to 100", () => {
    const svg = accuracyChart(falling);
    assert.deepEqual(curves(svg), ["M76 378L400 222L724 66"]);
    assert.ok(texts(svg).includes("50 %"));
    assert.ok(texts(svg).includes("100 %"));
  });

  test("does not go beyond 100 % when all epochs are alike", () => {
    const labels = texts(accuracyChart([row(1, 1, 1, 0.9), row(2, 1, 1, 0.9)]));
    const percents = labels.filter((text) => text.endsWith(" %")).map((text) => parseFloat(text));
    assert.equal(Math.max(...percents), 100);
    assert.equal(Math.min(...percents), 90);
  });
});

describe("confusionChart", () => {
  const svg = confusionChart(
    [
      [11, 12, 13],
      [21, 22, 23],
      [31, 32, 33],
    ],
    ["T-shirt/top", "Ankle boot", 'a <b> & "c"'],
  );

  test("has true classes on the rows and predicted ones on the columns", () => {
    const [topLeft, topRight, bottomLeft] = ["11", "13", "31"].map((count) => placeOf(svg, count));
    assert.equal(topLeft!.y, topRight!.y);
    assert.equal(topLeft!.x, bottomLeft!.x);
    assert.ok(topLeft!.x < topRight!.x);
    assert.ok(topLeft!.y < bottomLeft!.y);
    assert.equal(texts(svg).filter((text) => text === "True class").length, 1);
    assert.equal(texts(svg).filter((text) => text === "Predicted class").length, 1);
  });

  test("names every class once on each axis, whatever its letters", () => {
    for (const name of ["T-shirt/top", "Ankle boot", "a &lt;b&gt; &amp; &quot;c&quot;"]) {
      assert.equal(texts(svg).filter((text) => text === name).length, 2, name);
    }
  });

  test("shades a cell by its share of its row", () => {
    const fills = (matrix: number[][]) =>
      [...confusionChart(matrix, ["a", "b"]).matchAll(/<path[^>]*fill="(rgb[^"]*|#[^"]*)"/g)]
        .map(([, fill]) => fill)
        .slice(-4);
    assert.deepEqual(
      fills([
        [8, 2],
        [1, 3],
      ]),
      fills([
        [80, 20],
        [10, 30],
      ]),
    );
    assert.notDeepEqual(
      fills([
        [8, 2],
        [1, 3],
      ]),
      fills([
        [8, 2],
        [3, 1],
      ]),
    );
  });

  test("names both sizes when the matrix does not fit the classes", () => {
    assert.throws(() => confusionChart([[1]], ["a", "b"]), {
      name: "ReportError",
      code: "ERR_REPORT_MATRIX",
      message: "confusionChart: the matrix is 1 x 1 but there are 2 classes",
    });
  });
});
