// The first notebook: ResNet-34 and ResNet-50 on clothing, their losses drawn, their report printed.
//   node dist/examples/notebook-fashion.js [training images] [epochs] [directory for the charts]
import { mkdir, writeFile } from "node:fs/promises";
import {
  classificationReport,
  confusionMatrix,
  findRecipe,
  formatClassificationReport,
  loadDataset,
  lossChart,
  resnet34,
  resnet50,
  splitRows,
  takeRows,
  train,
} from "resnet-ts";

const [images = "10000", epochs = "50", directory = "charts"] = process.argv.slice(2);
const { config: recipe } = findRecipe("fashion-resnet34");
const config = { ...recipe, epochs: Number(epochs), batch: Math.min(512, Number(images) / 4) };

const { train: clothing, test } = await loadDataset("fashion-mnist");
const rows = splitRows(60_000, { train: Number(images), valid: 1000 }, config.seed);
const data = {
  train: takeRows(clothing, rows.train),
  valid: takeRows(clothing, rows.valid),
  test,
};
const { classes } = clothing;
const labels = test.labels.data;
await mkdir(directory, { recursive: true });

for (const [name, makeModel] of Object.entries({ resnet34, resnet50 })) {
  const model = makeModel({ classes: 10, channels: 1, zeroLastNorm: true });
  const { epochs: metrics, test: tested } = await train(config, data, { model });
  await writeFile(`${directory}/${name}.svg`, lossChart(metrics));

  const { accuracy, predictions } = tested!;
  console.log(`${name} accuracy: ${accuracy}`);
  const matrix = confusionMatrix(labels, predictions, classes.length);
  console.log(formatClassificationReport(classificationReport(matrix, classes)));
}
