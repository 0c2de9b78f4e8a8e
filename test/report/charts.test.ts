import assert from "node:assert/strict";
import { describe, test } from "node:test";
import sharp from "sharp";
import { accuracyChart } from "../../src/report/accuracy-chart.js";
import { confusionChart } from "../../src/report/confusion-chart.js";
import type { EpochMetrics } from "../../src/train/metrics.js";
import { learningRateChart } from "../../src/report/learning-rate-chart.js";
import { lossChart } from "../../src/report/loss-chart.js";
import { renderPng } from "../../src/node/report/render-png.js";

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
  "learning rate": () => learningRateChart(falling),
  confusion: () =>
    confusionChart(
      [
        [5, 1],
        [0, 9],
      ],
      ["T-shirt/top", 'a <b> & "c"'],
    ),
  "confusion of odd names": () => confusionChart([[1]], ["\u001b[31mred\u0000"]),
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
      assert.doesNotMatch(svg, /(?!\n)\p{Cc}/u);
      assert.match(svg, /^<svg width="\d+" height="\d+" xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
      assert.equal(svg, draw());
      assert.equal(/NaN|Infinity|undefined|<script|<style|href=|zr\d|class=/.test(svg), false);
      const ids = [...svg.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
      assert.equal(new Set(ids).size, ids.length);
      for (const [, id] of svg.matchAll(/url\(#([^)]*)\)/g)) assert.ok(ids.includes(id));
    });
  }
});

describe("accuracyChart", () => {
  test("draws each of its three, from epoch 0 on within the first", () => {
    const within = { epoch: 0.5, trainLoss: 2, trainAccuracy: 0.5, validAccuracy: NaN };
    const end = { epoch: 1, trainLoss: 1, trainAccuracy: 0.6, validAccuracy: 0.8 };
    const [loss, training] = curves(accuracyChart([within, end]));
    assert.equal(loss, "M380 66L684 222");
    assert.equal(training, "M380 378L684 315.6");
    const [, ...both] = curves(accuracyChart([end, { ...end, epoch: 2, validAccuracy: 0.9 }]));
    assert.deepEqual(both, ["M76 378L684 378", "M76 222L684 144"]); // of 60 % … 100 %
  });
});

test("a curve of few values has circles, however many places there are without one", () => {
  const within = Array.from({ length: 40 }, (_, i) => ({
    epoch: (i + 1) / 20,
    trainLoss: 1,
    trainAccuracy: 0.5,
    validAccuracy: (i + 1) % 20 ? NaN : 0.6,
  }));
  assert.equal(accuracyChart(within).split("M1 0A1 1").length - 1, 2);
});

test("learningRateChart draws the rate of each epoch, from 0 on", () => {
  const [first, second] = falling;
  const epochs = [
    { ...first!, learningRate: 0.1 },
    { ...second!, learningRate: 0.05 },
  ];
  assert.deepEqual(curves(learningRateChart(epochs)), ["M76 66L724 222"]);
  assert.ok(texts(learningRateChart(epochs)).includes("0.1"));
});

describe("lossChart", () => {
  test("draws training and validation on one axis that begins at zero", () => {
    const svg = lossChart([row(1, 2, 0, 0.5), row(2, 1, 10, 0.75), row(3, 0, 20, 1)]);
    assert.deepEqual(curves(svg), ["M76 346.8L400 362.4L724 378", "M76 378L400 222L724 66"]);
  });

  test("names its axes and curves", () => {
    const labels = texts(lossChart(falling, "test"));
    const names = ["Loss", "Epoch", "Loss (nats)", "training", "test"];
    for (const label of names) {
      assert.equal(labels.filter((text) => text === label).length, 1, label);
    }
  });

  test("leaves a gap where a loss is infinite, and goes on where an epoch was not validated", () => {
    const epochs = [1, 2, 3, 4, 5].map((epoch) =>
      row(epoch, epoch === 3 ? Infinity : 1, epoch === 3 ? NaN : 1, 0.5),
    );
    const [training, validation] = curves(lossChart(epochs));
    assert.equal(training!.match(/M/g)?.length, 2);
    assert.equal(validation!.match(/M/g)?.length, 1);
    assert.equal(validation!.match(/L/g)?.length, 3);
  });

  test("cuts off a first loss that would flatten the others, and says so", () => {
    const epochs = Array.from({ length: 20 }, (_, i) => row(i + 1, 1, i === 0 ? 12_316 : 1, 0.5));
    const note = "1 value lies above the axis, up to 1.23e+4";
    assert.ok(texts(lossChart(epochs)).includes(note));
  });
});

describe("accuracyChart", () => {
  test("draws training loss, training accuracy and validation accuracy, the two in percent", () => {
    const svg = accuracyChart(falling.map((each) => ({ ...each, trainAccuracy: 1 })));
    assert.deepEqual(curves(svg), [
      "M76 66L380 222L684 378",
      "M76 66L380 66L684 66",
      "M76 378L380 222L684 66",
    ]);
    for (const label of ["50 %", "100 %", "training loss", "validation accuracy"]) {
      assert.ok(texts(svg).includes(label), label);
    }
  });

  test("does not go beyond 100 % when all epochs are alike", () => {
    const labels = texts(accuracyChart([row(1, 1, 1, 0.9), row(2, 1, 1, 0.9)]));
    const percents = labels.filter((text) => text.endsWith(" %")).map((text) => parseFloat(text));
    assert.equal(Math.max(...percents), 100);
    assert.equal(Math.min(...percents), 90);
  });
});

describe("renderPng", () => {
  test("draws the chart at twice its size, with its curves and without transparency", async () => {
    const png = await renderPng(lossChart(falling));
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    assert.deepEqual([info.width, info.height, info.channels], [1520, 880, 3]);
    const pixel = (x: number, y: number): number[] =>
      Array.from(data.subarray(3 * (2 * y * info.width + 2 * x)).subarray(0, 3));
    assert.deepEqual(pixel(5, 5), [255, 255, 255]);
    assert.deepEqual(pixel(76, 66), [0xd5, 0x5e, 0]); // where training's curve begins
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
