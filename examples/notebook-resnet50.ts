// The third notebook: a bottleneck net of ConvBNLayers on CIFAR-10, its weights kept after each epoch, its losses drawn.
//   node dist/examples/notebook-resnet50.js DATA-DIRECTORY [training images] [epochs] [directory for weights and chart]
import { mkdir, writeFile } from "node:fs/promises";
import {
  accuracyChart,
  convBNResnet50,
  createExecutor,
  findRecipe,
  initialState,
  loadDataset,
  modelSource,
  outputShapes,
  parseConfig,
  residentSource,
  takeRows,
  trainLoop,
  writeCheckpoint,
  writeModelState,
  type Dataset,
  type EpochMetrics,
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

const executor = await createExecutor();
await writeModelState(executor, net, initialState(net, config.seed));
const parts = {
  train: await residentSource(executor, "train", first(train, Number(images)), config.normalise),
  valid: await residentSource(
    executor,
    "test",
    first(test, Math.min(10_000, Number(images))),
    config.normalise,
  ),
};
const description = {
  model: config.model,
  classes: [...train.classes],
  imageShape: [32, 32, 3] as [number, number, number],
  normalise: config.normalise,
  data: { name: "cifar10", trainSize: Number(images), validSize: 0, seed: config.seed },
};
const metrics: EpochMetrics[] = [];
for await (const line of await trainLoop({ executor, model: net, config, ...parts })) {
  const { epoch, trainLoss, validAccuracy } = line;
  const file = `${directory}/epoch-${epoch}.safetensors`;
  await writeCheckpoint(file, { ...description, epoch }, modelSource(executor, net));
  const tested = Number.isNaN(validAccuracy) ? "" : `, test accuracy ${validAccuracy.toFixed(4)}`;
  console.log(`epoch ${epoch}: loss ${trainLoss.toFixed(4)}${tested}; ${file}`);
  metrics.push(line);
}
await writeFile(`${directory}/accuracy.svg`, accuracyChart(metrics, "test"));
await executor.close();
