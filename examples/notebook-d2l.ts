// The second notebook, "Dive into Deep Learning": a residual block, the shapes of the net, a training loop, and its chart.
//   node dist/examples/notebook-d2l.js [training images] [epochs] [side of the images]
import { writeFile } from "node:fs/promises";
import {
  accuracyChart,
  createSession,
  d2lResnet18,
  forward,
  hostArray,
  imageSet,
  initialState,
  loadDataset,
  outputShapes,
  Residual,
  sgd,
  takeRows,
  type AccuracyPoint,
} from "resnet-ts";

const [images = "60000", epochs = "10", side = "96"] = process.argv.slice(2);

const x = hostArray([4, 3, 6, 6]);
console.log((await forward(new Residual(3, 3), x)).shape);
console.log((await forward(new Residual(3, 6, { use1x1Conv: true, strides: 2 }), x)).shape);

const net = d2lResnet18();
for (const { name, type, output } of outputShapes(net, [1, 224, 224])) {
  if (/^\d$/.test(name)) console.log(type, "output shape:", output);
}

const { train, test } = await loadDataset("fashion-mnist");
const first = (count: number): number[] => Array.from({ length: count }, (_, row) => row);
const resized = { transforms: [{ type: "resize", size: Number(side) }] } as const;
const trainset = imageSet(takeRows(train, first(Number(images))), resized);
const testset = imageSet(takeRows(test, first(Math.min(10_000, Number(images)))), resized);

const session = await createSession(net, {
  optimizer: sgd(),
  seed: 1,
  weights: initialState(net, 1, "xavier-uniform"),
});
const points: AccuracyPoint[] = [];
const draw = (): Promise<void> =>
  writeFile("accuracy.svg", accuracyChart(points, { validation: "test" }).svg);

const start = performance.now();
const steps = Math.ceil(Number(images) / 128);
for (let epoch = 0; epoch < Number(epochs); epoch++) {
  let [loss, correct, samples] = [0, 0, 0];
  for await (const batch of session.batches(trainset, { size: 128, seed: 1, epoch })) {
    const result = await session.step(batch, { learningRate: 0.05 });
    loss += result.loss * result.samples;
    correct += result.correct;
    samples += result.samples;
    const [now, means] = [session.steps / steps, [loss / samples, correct / samples] as const];
    if (session.steps % 50 === 0) {
      points.push({ epoch: now, trainLoss: means[0], trainAccuracy: means[1], validAccuracy: NaN });
      await draw(); // open it, and watch it grow
    }
  }
  const { accuracy } = await session.evaluate(testset, 128);
  points.push({
    epoch: epoch + 1,
    trainLoss: loss / samples,
    trainAccuracy: correct / samples,
    validAccuracy: accuracy,
  });
  await draw();
}
const seconds = (performance.now() - start) / 1000;
await session.close();

const { trainLoss, trainAccuracy, validAccuracy } = points.at(-1)!;
console.log(
  `loss ${trainLoss.toFixed(3)}, train acc ${trainAccuracy.toFixed(3)}, test acc ${validAccuracy.toFixed(3)}`,
);
console.log(`${((Number(images) * Number(epochs)) / seconds).toFixed(1)} examples/sec`);
