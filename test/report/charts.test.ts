import assert from "node:assert/strict";
import { describe, test } from "node:test";
import sharp from "sharp";
import { confusionChart } from "../../src/report/confusion-chart.js";
import type { Figure } from "../../src/report/figure.js";
import type { EpochMetrics } from "../../src/train/metrics.js";
import { renderPng } from "../../src/node/report/picture.js";
import { lineChart } from "../../src/report/line-chart.js";
import {
  calibrationChart,
  precisionRecallChart,
  rocChart,
} from "../../src/report/probability-charts.js";
import {
  accuracyChart,
  learningRateChart,
  lossChart,
  pointsOf,
} from "../../src/report/training-charts.js";
import * as svgOf from "../helpers/svg.js";

const { texts, placeOf } = svgOf;
const curves = (svg: Figure): string[] => svgOf.curves(svg).map(({ points }) => points);

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

const twoClasses = { probabilities: [0.9, 0.1, 0.4, 0.6], labels: [0, 1], classes: ["a", "b"] };

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
  calibration: () => calibrationChart([0.5, 0.95], (i) => i === 1),
  "calibration of nothing": () => calibrationChart([], () => true),
  roc: () => rocChart(twoClasses),
  "roc without samples": () => rocChart({ probabilities: [], labels: [], classes: ["a"] }),
  "precision and recall": () => precisionRecallChart(twoClasses),
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
      const { svg } = draw();
      assertWellFormed(svg);
      assert.doesNotMatch(svg, /(?!\n)\p{Cc}/u);
      assert.match(svg, /^<svg width="\d+" height="\d+" xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
      assert.equal(svg, draw().svg);
      assert.equal(/NaN|Infinity|undefined|<script|<style|href=| id=| class=/.test(svg), false);
    });
  }
});

describe("accuracyChart", () => {
  test("draws each of its three, from epoch 0 on within the first", () => {
    const within = { epoch: 0.5, trainLoss: 2, trainAccuracy: 0.5, validAccuracy: NaN };
    const end = { epoch: 1, trainLoss: 1, trainAccuracy: 0.6, validAccuracy: 0.8 };
    const [loss, training] = curves(accuracyChart([within, end]));
    assert.equal(loss, "M380 80L684 236");
    assert.equal(training, "M380 392L684 329.6");
    const [, ...both] = curves(accuracyChart([end, { ...end, epoch: 2, validAccuracy: 0.9 }]));
    assert.deepEqual(both, ["M76 392L684 392", "M76 236L684 158"]); // of 60 % … 100 %
  });
});

test("a curve of few values has circles, however many places there are without one", () => {
  const within = Array.from({ length: 40 }, (_, i) => ({
    epoch: (i + 1) / 20,
    trainLoss: 1,
    trainAccuracy: 0.5,
    validAccuracy: (i + 1) % 20 ? NaN : 0.6,
  }));
  assert.equal(accuracyChart(within).svg.split("<circle").length - 1, 2);
});

test("learningRateChart draws the rate of each epoch, from 0 on", () => {
  const [first, second] = falling;
  const epochs = [
    { ...first!, learningRate: 0.1 },
    { ...second!, learningRate: 0.05 },
  ];
  assert.deepEqual(curves(learningRateChart(epochs)), ["M76 56L724 212"]);
  assert.ok(texts(learningRateChart(epochs)).includes("0.1"));
});

describe("lossChart", () => {
  test("gives the validation loss an axis of its own if asked", () => {
    const svg = lossChart([row(1, 2, 0, 0.5), row(2, 1, 10, 0.75), row(3, 0, 20, 1)], {
      axes: "twin",
    });
    assert.deepEqual(curves(svg), ["M76 80L380 236L684 392", "M76 392L380 236L684 80"]);
    const words = ["Training loss (nats)", "Validation loss (nats)", "training", "validation"];
    assert.deepEqual(
      words.filter((word) => !texts(svg).includes(word)),
      [],
    );
  });

  test("draws training and validation on one axis that begins at zero", () => {
    const svg = lossChart([row(1, 2, 0, 0.5), row(2, 1, 10, 0.75), row(3, 0, 20, 1)]);
    assert.deepEqual(curves(svg), ["M76 360.8L400 376.4L724 392", "M76 392L400 236L724 80"]);
  });

  test("names its axes and curves", () => {
    const labels = texts(lossChart(falling, { validation: "test" }));
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
      "M76 80L380 236L684 392",
      "M76 80L380 80L684 80",
      "M76 392L380 236L684 80",
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
    assert.deepEqual([info.width, info.height, info.channels], [1520, 908, 3]);
    const pixel = (x: number, y: number): number[] =>
      Array.from(data.subarray(3 * (2 * y * info.width + 2 * x)).subarray(0, 3));
    assert.deepEqual(pixel(5, 5), [255, 255, 255]);
    assert.deepEqual(pixel(76, 80), [0xd5, 0x5e, 0]); // where training's curve begins
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
      [
        ...confusionChart(matrix, ["a", "b"]).svg.matchAll(
          /<rect[^>]*width="130"[^>]*fill="(#[^"]*)"/g,
        ),
      ]
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

  const hundred = (count: (label: number, prediction: number) => number) => {
    const indices = Array.from({ length: 100 }, (_, i) => i);
    const names = indices.map((i) => `class ${i}`);
    return confusionChart(
      indices.map((label) => indices.map((prediction) => count(label, prediction))),
      names,
    );
  };

  test("of a hundred classes is at most 2,000 pixels of PNG, without counts, in tens", async () => {
    const chart = hundred((label, prediction) => Number(label === prediction) * 50);
    const { width, height } = await sharp(await renderPng(chart)).metadata();
    assert.ok(width <= 2000 && height <= 2000, `${width} x ${height}`);
    assert.deepEqual(
      texts(chart).filter((text) => /^\d+$/.test(text)),
      [],
    );
    const [, d] = /<path d="([^"]*)" stroke="#c3c9d1"/.exec(chart.svg)!;
    assert.equal(d!.match(/v/g)?.length, 9);
  });

  test("of a hundred classes shows a single mistake, and names the pairs that are confused most", () => {
    const chart = hundred((label, prediction) => {
      if (label === prediction) return 50;
      return label === 7 && prediction < 6 ? 9 - prediction : 0;
    });
    const words = texts(chart).join(" ");
    assert.match(words, /Confused most: class 7 as class 0 \(9\), .*class 7 as class 4 \(5\)/);
    assert.doesNotMatch(words, /as class 5/);
    const single = hundred((label, prediction) =>
      label === prediction ? 99 : Number(label === 7 && prediction === 8),
    );
    // A hundredth of the class has a tenth of the way to the darkest shade: half of the first of five steps.
    assert.match(single.svg, /<rect[^>]*fill="#e5f0f9"/);
  });

  test("names both sizes when the matrix does not fit the classes", () => {
    assert.throws(() => confusionChart([[1]], ["a", "b"]), {
      name: "ReportError",
      code: "ERR_REPORT_MATRIX",
      message: "confusionChart: the matrix is 1 x 1 but there are 2 classes",
    });
  });
});

describe("lineChart", () => {
  const chart = (points: readonly (readonly [number, number])[], y: object = {}) =>
    lineChart({
      title: "A chart",
      x: { name: "x" },
      y: { name: "y", ...y },
      curves: [{ name: "", colour: "#000000", points }],
    });

  test("leaves out of a logarithmic axis what is not positive, and begins anew after it", () => {
    const points = [1, 0, 10, 100, -1, 1000].map((y, x) => [x, y] as const);
    // A decade is 312 / 3 = 104 pixels high, one x 648 / 5 = 129.6 wide.
    assert.deepEqual(curves(chart(points, { scale: "log" })), [
      "M76 368M335.2 264L464.8 160M724 56",
    ]);
  });

  test("shows a curve that goes beyond the axis only inside its frame", () => {
    const svg = chart(
      [
        [0, 0],
        [1, 2],
      ],
      { from: 0, to: 1 },
    );
    assert.match(svg.svg, /<svg x="76" y="56" width="648" height="312" viewBox="76 56 648 312">/);
    assert.deepEqual(curves(svg), ["M76 368L724 -256"]);
  });

  test("breaks the legend into lines that are not wider than the picture", () => {
    const names = Array.from({ length: 9 }, (_, i) => `a curve with a long name ${i}`);
    const curvesOf = names.map((name) => ({ name, colour: "#000000", points: [] }));
    const axes = { x: { name: "x" }, y: { name: "y" } };
    const svg = lineChart({ title: "A chart", ...axes, curves: curvesOf });
    const places = names.map((name) => placeOf(svg, name));
    assert.ok(places.every(({ x }) => x + 150 < 760));
    assert.ok(new Set(places.map(({ y }) => y)).size > 2);
  });
});

describe("accuracyChart", () => {
  test("names the model and the run", () => {
    assert.ok(texts(accuracyChart(falling, { about: "resnet34 on x" })).includes("resnet34 on x"));
  });

  test("draws other metrics between 0 and 1, and no others", () => {
    const epochs = falling.map((each) => ({ ...each, validTop5: 1, validNorm: 7 }));
    const svg = accuracyChart(epochs);
    assert.ok(texts(svg).includes("validation top5"));
    assert.ok(!texts(svg).includes("validation norm"));
    assert.equal(curves(svg).length, 4);
  });
});

test("pointsOf has some sixty points: within the epochs if those are few", () => {
  const stepsOf = (epochs: number) =>
    Array.from({ length: epochs * 9 }, (_, i) => ({
      epoch: 1 + Math.floor(i / 9),
      step: (1 + (i % 9)) * 10,
      steps: 100,
      loss: 1,
      accuracy: 0.5,
      learningRate: 0.1,
    }));
  const count = (epochs: number): number =>
    pointsOf(
      Array.from({ length: epochs }, (_, i) => row(i + 1, 1, 1, 0.5)),
      stepsOf(epochs),
    ).length;
  assert.equal(count(2), 2 * 10); // all of them
  assert.equal(count(20), 20 * 3); // thirds of an epoch
  assert.equal(count(50), 50);
});

test("pointsOf gives means over the steps since the point before, without the sawtooth of running means", () => {
  const step = (epoch: number, at: number, loss: number) => ({
    epoch,
    step: at,
    steps: 4,
    loss,
    accuracy: loss / 10,
    learningRate: 0.1,
  });
  // Steps with losses 8, 6 | 4, 2 and 2, 2 | 2, 0: running means are 7 after two steps, 5 after four; then 2 and 1.5.
  const metrics = [row(1, 5, 0, 0.5), row(2, 1.5, 0, 0.15)];
  const points = pointsOf(metrics, [step(1, 2, 7), step(2, 2, 2)]);
  assert.deepEqual(
    points.map(({ epoch, trainLoss }) => [epoch, trainLoss]),
    [
      [0.5, 7],
      [1, 3],
      [1.5, 2],
      [2, 1],
    ],
  );
  assert.ok(Math.abs(points[3]!.trainAccuracy - 0.1) < 1e-12); // 0.15 of four steps, 0.2 of the first two
});
