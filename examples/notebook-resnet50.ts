// The third notebook: a bottleneck net of ConvBNLayers on CIFAR-10, its weights kept after each epoch, its losses drawn.
//   node dist/examples/notebook-resnet50.js DATA-DIRECTORY [training images] [epochs] [directory for weights and chart]
import { mkdir, writeFile } from "node:fs/promises";
import {
  accuracyChart,
  convBNResnet50,
  findRecipe,
  loadDataset,
  modelSource,
  outputShapes,
  parseConfig,
  takeRows,
  train as trainNet,
  writeCheckpoint,
  type Callback,
  type Dataset,
} from "resnet-ts";

const [dataDir, images = "50000", epochs = "10", directory = "resnet50"] = process.argv.slice(2);
await mkdir(directory, { recursive: true });

const net = convBNResnet50({ classes: 10 });
for (const { name, output } of outputShapes(net, [3, 32, 32])) {
  if (/^\w+(\.\d+)?$/.test(name)) console.log(name, output.join(" x "));
}

const { config: recipe } = findRecipe("cifar10-resnet50");
const config = parseConfig({ ...recipe, model: "convbn-resnet50", epochs: Number(epochs) });
const { train, test } = await loadDataset("cifar10", dataDir === undefined ? {} : { dataDir });
const first = (data: Dataset, count: number): Dataset =>
  takeRows(
    data,
    Array.from({ length: count }, (_, row) => row),
  );

const parts = {
  train: first(train, Number(images)),
  valid: first(test, Math.min(10_000, Number(images))),
};
const description = {
  model: config.model,
  classes: [...train.classes],
  imageShape: [32, 32, 3] as [number, number, number],
  normalize: config.normalize,
  data: { name: "cifar10", trainSize: Number(images), validSize: 0, seed: config.seed },
};
const keepEpochs: Callback = {
  async onEpoch({ epoch, trainLoss, validAccuracy }, { session: { executor, model } }) {
    const file = `${directory}/epoch-${epoch}.safetensors`;
    await writeCheckpoint(file, { ...description, epoch }, modelSource(executor, model));
    const tested = Number.isNaN(validAccuracy) ? "" : `, test accuracy ${validAccuracy.toFixed(4)}`;
    console.log(`epoch ${epoch}: loss ${trainLoss.toFixed(4)}${tested}; ${file}`);
  },
};
const { epochs: metrics } = await trainNet(config, parts, { model: net, callbacks: [keepEpochs] });
await writeFile(`${directory}/accuracy.svg`, accuracyChart(metrics, { validation: "test" }));
