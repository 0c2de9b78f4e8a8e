// The first notebook: ResNet-34 and ResNet-50 on clothing, with the loop in sight; losses drawn, reports printed.
//   node dist/examples/notebook-fashion.js [training images] [epochs] [directory for the charts] [--json]
import { mkdir, writeFile } from "node:fs/promises";
import {
  classificationReport,
  confusionMatrix,
  createSession,
  formatClassificationReport,
  imageSet,
  lineChart,
  loadDataset,
  resnet34,
  resnet50,
  sgd,
  splitRows,
  takeRows,
  type Dataset,
  type Evaluation,
  type ResNet,
} from "resnet-ts";

const words = process.argv.slice(2).filter((word) => word !== "--json");
const asJson = process.argv.includes("--json");
const [trainSize, epochs] = [Number(words[0] ?? 10_000), Number(words[1] ?? 50)];
const directory = words[2] ?? "charts";
const [batchSize, peak, seed] = [512, 0.1, 1];

const { train: clothing, test } = await loadDataset("fashion-mnist");
const rows = splitRows(60_000, { train: trainSize, valid: 1000 }, seed);
const set = (data: Dataset) => imageSet(data, { normalize: { mean: [0.5], std: [0.5] } });
const trainset = set(takeRows(clothing, rows.train));
const validset = set(takeRows(clothing, rows.valid));
const testset = set(test);

/** Rises by equal steps over the first tenth of the training, then falls along half a cosine. */
function learningRate(step: number): number {
  const steps = epochs * Math.ceil(trainSize / batchSize);
  const warmup = Math.round(steps / 10);
  if (step < warmup) return (peak * (step + 1)) / warmup;
  return (peak * (1 + Math.cos((Math.PI * (step - warmup)) / (steps - warmup)))) / 2;
}

interface Losses {
  readonly train: number[];
  readonly valid: number[];
}

async function trainAll(net: ResNet): Promise<Losses & { readonly test: Evaluation }> {
  const session = await createSession(net, { optimizer: sgd({ momentum: 0.9 }), seed });
  const losses: Losses = { train: [], valid: [] };
  for (let epoch = 0; epoch < epochs; epoch++) {
    let [sum, samples] = [0, 0];
    for await (const batch of session.batches(trainset, { size: batchSize, seed, epoch })) {
      const result = await session.step(batch, { learningRate: learningRate(session.steps) });
      sum += result.loss * result.samples;
      samples += result.samples;
    }
    losses.train.push(sum / samples);
    losses.valid.push((await session.evaluate(validset, batchSize)).loss);
    const [trainLoss, validLoss] = [losses.train.at(-1)!, losses.valid.at(-1)!];
    console.error(
      `epoch ${epoch + 1}: train ${trainLoss.toFixed(4)}, valid ${validLoss.toFixed(4)}`,
    );
  }
  const tested = await session.evaluate(testset, batchSize);
  net.loadStateDict(await session.weights());
  await session.close();
  return { ...losses, test: tested };
}

const results: Record<string, Losses & { readonly accuracy: number }> = {};
for (const [name, makeNet] of Object.entries({ resnet34, resnet50 })) {
  const net = makeNet({ classes: 10, channels: 1, zeroLastNorm: true });
  const { train, valid, test: tested } = await trainAll(net);
  results[name] = { train, valid, accuracy: tested.accuracy };
  if (asJson) continue;

  const curve = (label: string, colour: string, losses: readonly number[]) => ({
    name: label,
    colour,
    points: losses.map((loss, epoch) => [epoch + 1, loss] as const),
  });
  const chart = lineChart({
    title: `${name} on Fashion-MNIST`,
    x: { name: "epoch", whole: true },
    y: { name: "cross-entropy (nats)", scale: "log" },
    curves: [curve("training", "#1f77b4", train), curve("validation", "#d62728", valid)],
  });
  await mkdir(directory, { recursive: true });
  await writeFile(`${directory}/${name}.svg`, chart.svg);
  console.log(`${name} accuracy: ${tested.accuracy}`);
  const matrix = confusionMatrix(test.labels.data, tested.predictions, test.classes.length);
  console.log(formatClassificationReport(classificationReport(matrix, test.classes)));
}
if (asJson) console.log(JSON.stringify(results));
