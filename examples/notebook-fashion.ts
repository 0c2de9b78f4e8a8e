// The first notebook: ResNet-34 and ResNet-50 on clothing, their losses drawn, their report printed.
//   node dist/examples/notebook-fashion.js [training images] [epochs] [directory for the charts]
import { mkdir, writeFile } from "node:fs/promises";
import {
  classificationReport,
  confusionMatrix,
  createEvaluator,
  createExecutor,
  findRecipe,
  formatClassificationReport,
  initialState,
  loadDataset,
  lossChart,
  resnet34,
  resnet50,
  residentSource,
  splitRows,
  takeRows,
  trainLoop,
  writeModelState,
  type EpochMetrics,
} from "resnet-ts";

const [images = "10000", epochs = "50", directory = "charts"] = process.argv.slice(2);
const { config: recipe } = findRecipe("fashion-resnet34");
const config = { ...recipe, epochs: Number(epochs), batch: Math.min(512, Number(images) / 4) };

const { train, test } = await loadDataset("fashion-mnist");
const rows = splitRows(60_000, { train: Number(images), valid: 1000 }, config.seed);
const { classes } = train;
const labels = test.labels.data;
await mkdir(directory, { recursive: true });

for (const [name, makeModel] of Object.entries({ resnet34, resnet50 })) {
  const model = makeModel({ classes: 10, channels: 1 });
  const executor = await createExecutor();
  await writeModelState(executor, model, initialState(model, config.seed));
  const source = (part: string, data: typeof train) =>
    residentSource(executor, part, data, config.normalise);

  const metrics: EpochMetrics[] = [];
  const parts = {
    train: await source("train", takeRows(train, rows.train)),
    valid: await source("valid", takeRows(train, rows.valid)),
  };
  for await (const epoch of await trainLoop({ executor, model, config, ...parts }))
    metrics.push(epoch);
  await writeFile(`${directory}/${name}.svg`, lossChart(metrics));

  const evaluate = await createEvaluator(executor, model, await source("test", test), 512);
  const { accuracy, predictions } = await evaluate();
  console.log(`${name} accuracy: ${accuracy}`);
  const matrix = confusionMatrix(labels, predictions, classes.length);
  console.log(formatClassificationReport(classificationReport(matrix, classes)));
  await executor.close();
}
