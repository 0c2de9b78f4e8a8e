// The second notebook, "Dive into Deep Learning": a residual block, the net's shapes, a training, and its chart.
//   node dist/examples/notebook-d2l.js [training images] [epochs] [side of the images]
import { writeFile } from "node:fs/promises";
import {
  accuracyChart,
  d2lResnet18,
  forward,
  findRecipe,
  hostArray,
  loadDataset,
  outputShapes,
  parseConfig,
  Residual,
  takeRows,
  train as trainNet,
  type AccuracyPoint,
  type Callback,
} from "resnet-ts";

const [images = "60000", epochs = "10", side = "96"] = process.argv.slice(2);

const x = hostArray([4, 3, 6, 6]);
console.log((await forward(new Residual(3, 3), x)).shape);
console.log((await forward(new Residual(3, 6, { use1x1Conv: true, strides: 2 }), x)).shape);

const net = d2lResnet18();
for (const { name, type, output } of outputShapes(net, [1, 224, 224])) {
  if (/^\d$/.test(name)) console.log(type, "output shape:", output);
}

const resize = [{ type: "resize", size: Number(side) }];
const config = parseConfig({
  ...findRecipe("fashion-resnet18-d2l").config,
  transforms: { train: resize, eval: resize },
  epochs: Number(epochs),
});
const { train, test } = await loadDataset("fashion-mnist");
const first = (count: number): number[] => Array.from({ length: count }, (_, row) => row);

const parts = {
  train: takeRows(train, first(Number(images))),
  valid: takeRows(test, first(Math.min(10_000, Number(images)))),
};
const points: AccuracyPoint[] = [];
const draw = (): Promise<void> =>
  writeFile("accuracy.svg", accuracyChart(points, { validation: "test" }));
const animate: Callback = {
  async onStep({ epoch, step, steps, loss, accuracy }) {
    if (step % 50 !== 0) return;
    const now = { epoch: epoch - 1 + step / steps, trainLoss: loss, trainAccuracy: accuracy };
    points.push({ ...now, validAccuracy: NaN });
    await draw(); // open it, and watch it grow
  },
  async onEpoch(metrics) {
    points.push(metrics);
    await draw();
  },
};
const { epochs: metrics } = await trainNet(config, parts, { model: net, callbacks: [animate] });

const { trainLoss, trainAccuracy, validAccuracy, imagesPerSecond } = metrics.at(-1)!;
console.log(
  `loss ${trainLoss.toFixed(3)}, train acc ${trainAccuracy.toFixed(3)}, test acc ${validAccuracy.toFixed(3)}`,
);
console.log(`${imagesPerSecond.toFixed(1)} examples/sec`);
