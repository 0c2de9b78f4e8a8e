// The paper's figure 1, and figure 6 beside it: plain and residual nets of 20 and 56 layers, on CIFAR-10 or Fashion-MNIST.
//   node dist/examples/degradation.js DATA DATA-DIRECTORY [training images] [epochs] [directory for the charts]
import { mkdir, writeFile } from "node:fs/promises";
import {
  createModel,
  datasetInfo,
  errorChart,
  findRecipe,
  gradientChart,
  gradientNorms,
  createExecutor,
  initialState,
  loadParts,
  parseConfig,
  residentSource,
  train,
  writeModelState,
  type Dataset,
  type EpochMetrics,
} from "resnet-ts";

const [data = "cifar10", dataDir, images = "50000", epochs = "164", directory = "degradation"] =
  process.argv.slice(2);
const { config: recipe, trainings } = findRecipe("degradation");
const { normalize = recipe.normalize, classes, imageShape } = datasetInfo(data);
const sizes = { trainSize: Number(images), testSize: Math.min(10_000, Number(images)) };
const base = { ...recipe, ...sizes, data, normalize, epochs: Number(epochs) };
const parts = await loadParts(data, base, { dataDir });
await mkdir(directory, { recursive: true });

const lines = new Map<string, readonly EpochMetrics[]>();
const norms = new Map<string, ReadonlyMap<string, number>>();
for (const [name, own] of Object.entries(trainings)) {
  const config = parseConfig({ ...base, ...own });
  const executor = await createExecutor();

  const model = createModel(config.model, { classes: classes.length, channels: imageShape[2] });
  await writeModelState(executor, model, initialState(model, config.seed));
  const preparation = { ...config.normalize, transforms: config.transforms.eval };
  const first = await residentSource(executor, "valid", parts.valid as Dataset, preparation);
  norms.set(name, await gradientNorms(executor, model, first, config.batch));

  const { epochs: metrics, test } = await train(config, parts, { executor });
  await executor.close();
  lines.set(name, metrics);
  const trained = metrics.at(-1)!.trainAccuracy;
  console.log(
    `${name.padEnd(15)} training error ${error(trained)}, test error ${error(test!.accuracy)}`,
  );
}
await writeFile(`${directory}/error.svg`, errorChart(lines, { validation: "test" }).svg);
await writeFile(`${directory}/gradients.svg`, gradientChart(norms).svg);

function error(accuracy: number): string {
  return `${(100 * (1 - accuracy)).toFixed(2)} %`;
}
