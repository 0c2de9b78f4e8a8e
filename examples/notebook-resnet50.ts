// The third notebook: a bottleneck net of ConvBNLayers on CIFAR-10, its weights kept after each epoch, its losses drawn.
//   node dist/examples/notebook-resnet50.js DATA-DIRECTORY [training images] [epochs] [directory for weights and chart]
import { writeFile } from "node:fs/promises";
import {
  accuracyChart,
  convBNResnet50,
  createSession,
  imageSet,
  loadDataset,
  outputShapes,
  save,
  sgd,
  takeRows,
  type AccuracyPoint,
  type Dataset,
} from "resnet-ts";

const [dataDir, images = "50000", epochs = "10", directory = "resnet50"] = process.argv.slice(2);

const net = convBNResnet50({ classes: 10 });
for (const { name, output } of outputShapes(net, [3, 32, 32])) {
  if (/^\w+(\.\d+)?$/.test(name)) console.log(name, output.join(" x "));
}

const { train, test } = await loadDataset("cifar10", dataDir === undefined ? {} : { dataDir });
const normalize = { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] };
const first = (data: Dataset, count: number) =>
  imageSet(
    takeRows(
      data,
      Array.from({ length: count }, (_, row) => row),
    ),
    { normalize },
  );
const trainset = first(train, Number(images));
const testset = first(test, Math.min(10_000, Number(images)));

const optimizer = sgd({ momentum: 0.9, weightDecay: 1e-4 });
const session = await createSession(net, { optimizer, seed: 1 });
const points: AccuracyPoint[] = [];
for (let epoch = 0; epoch < Number(epochs); epoch++) {
  const learningRate = 0.01 * 0.1 ** Math.floor(epoch / 10); // StepLR(optimizer, 10, 0.1)
  let [loss, correct, samples] = [0, 0, 0];
  for await (const batch of session.batches(trainset, { size: 64, seed: 1, epoch })) {
    const result = await session.step(batch, { learningRate });
    loss += result.loss * result.samples;
    correct += result.correct;
    samples += result.samples;
  }
  const isTested = (epoch + 1) % 2 === 0 || epoch + 1 === Number(epochs);
  const accuracy = isTested ? (await session.evaluate(testset, 64)).accuracy : NaN;
  points.push({
    epoch: epoch + 1,
    trainLoss: loss / samples,
    trainAccuracy: correct / samples,
    validAccuracy: accuracy,
  });
  const file = `${directory}/epoch-${epoch + 1}.safetensors`;
  net.loadStateDict(await session.weights());
  await save(net, file);
  const tested = isTested ? `, test accuracy ${accuracy.toFixed(4)}` : "";
  console.log(`epoch ${epoch + 1}: loss ${(loss / samples).toFixed(4)}${tested}; ${file}`);
}
await session.close();
await writeFile(`${directory}/accuracy.svg`, accuracyChart(points, { validation: "test" }).svg);
