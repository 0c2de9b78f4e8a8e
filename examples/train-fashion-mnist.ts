// Trains a ResNet-18 on a part of Fashion-MNIST with the library: the command line does no more than this.
import {
  createEvaluator,
  createExecutor,
  findRecipe,
  initialState,
  loadDataset,
  resnet18,
  splitRows,
  takeRows,
  trainLoop,
  uploadDataset,
  writeModelState,
} from "resnet-ts";

const config = {
  ...findRecipe("fashion-resnet34").config,
  model: "resnet18",
  epochs: 3,
  batch: 32,
  learningRate: 0.02,
  schedule: "cosine",
};
const data = await loadDataset(config.data);
const rows = splitRows(data.train.labels.data.length, { train: 1024, valid: 256 }, config.seed);

const model = resnet18({ classes: 10, channels: 1 });
const executor = createExecutor();
writeModelState(executor, model, initialState(model, config.seed));

const parts = { train: takeRows(data.train, rows.train), valid: takeRows(data.train, rows.valid) };
for await (const { epoch, trainLoss, validAccuracy } of trainLoop({
  executor,
  model,
  config,
  ...parts,
})) {
  console.log(
    `epoch ${epoch}   train loss ${trainLoss.toFixed(4)}   validation accuracy ${validAccuracy.toFixed(4)}`,
  );
}

const source = uploadDataset(executor, "test", data.test, config.normalise);
const test = await createEvaluator(executor, model, source, data.test.labels.data, config.batch)();
console.log(`test accuracy ${test.accuracy.toFixed(4)}`);
await executor.close();
