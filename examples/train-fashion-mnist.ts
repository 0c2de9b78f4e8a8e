// Trains a ResNet-18 on a part of Fashion-MNIST with the library: the command line does no more than this.
import {
  createEvaluator,
  createExecutor,
  findRecipe,
  initialState,
  loadDataset,
  parseConfig,
  residentSource,
  resnet18,
  splitRows,
  takeRows,
  trainLoop,
  writeModelState,
} from "resnet-ts";

const config = parseConfig({
  ...findRecipe("fashion-resnet34").config,
  model: "resnet18",
  epochs: 3,
  batch: 32,
  learningRate: 0.02,
  schedule: "cosine",
});
const data = await loadDataset(config.data);
const rows = splitRows(data.train.labels.data.length, { train: 1024, valid: 256 }, config.seed);

const model = resnet18({ classes: 10, channels: 1 });
const executor = await createExecutor();
await writeModelState(executor, model, initialState(model, config.seed));

const upload = (part: "train" | "valid") =>
  residentSource(executor, part, takeRows(data.train, rows[part]), config.normalise);
const training = await trainLoop({
  executor,
  model,
  config,
  train: await upload("train"),
  valid: await upload("valid"),
});
for await (const { epoch, trainLoss, validAccuracy } of training) {
  console.log(
    `epoch ${epoch}   train loss ${trainLoss.toFixed(4)}   validation accuracy ${validAccuracy.toFixed(4)}`,
  );
}

const source = await residentSource(executor, "test", data.test, config.normalise);
const test = await (await createEvaluator(executor, model, source, config.batch))();
console.log(`test accuracy ${test.accuracy.toFixed(4)}`);
await executor.close();
