// The code of docs/tutorial.md, block by block: a test keeps the two alike.
import { mkdir, writeFile } from "node:fs/promises";
import {
  BasicBlock,
  Bottleneck,
  cifarPlain,
  cifarResnet,
  errorChart,
  forward,
  findRecipe,
  gradientChart,
  gradientNorms,
  hostArray,
  imageOf,
  initialState,
  mistakeGrid,
  normal,
  parseConfig,
  randomKey,
  summarize,
  train,
  uniform,
  type Callback,
  type Dataset,
  type EpochMetrics,
  type Module,
} from "resnet-ts";

const pictures = process.argv[2] ?? "tutorial-pictures";
await mkdir(pictures, { recursive: true });

const classes = ["horizontal", "vertical", "rising", "falling"];
const directions = [
  [0, 1],
  [1, 0],
  [0.7, 0.7],
  [0.7, -0.7],
] as const;

function stripes(name: string, rows: number): Dataset {
  const key = randomKey(1, name);
  const side = 16;
  const images = new Uint8Array(rows * side * side);
  const labels = Int32Array.from({ length: rows }, (_, row) => row % classes.length);
  for (let i = 0; i < images.length; i++) {
    const row = Math.floor(i / (side * side));
    const [x, y] = [i % side, Math.floor(i / side) % side];
    const [dx, dy] = directions[labels[row]!]!;
    const phase = 2 * Math.PI * uniform(key, 2 * images.length + row);
    const light = 128 + 50 * Math.sin(1.3 * (dx * x + dy * y) + phase) + 60 * normal(key, i);
    images[i] = Math.max(0, Math.min(255, light));
  }
  return {
    name,
    images: hostArray([rows, side, side, 1], images, "u8"),
    labels: hostArray([rows], labels, "i32"),
    classes,
  };
}

const data = { train: stripes("train", 512), test: stripes("test", 512) };

const normalize = { mean: [0.5], std: [0.25] };

const config = parseConfig({
  ...findRecipe("degradation").config,
  transforms: { train: [], eval: [] },
  normalize,
  epochs: 16,
  batch: 32,
  learningRate: 0.02,
  schedule: "cosine:1",
});

const trainings = new Map<string, readonly EpochMetrics[]>();
const gradients = new Map<string, ReadonlyMap<string, number>>();

async function compare(name: string, model: Module) {
  const measure: Callback = {
    async onStart({ session, train }) {
      gradients.set(name, await gradientNorms(session.executor, model, train, config.batch));
    },
  };
  const parts = { train: data.train, valid: data.test, test: data.test };
  const { epochs, test } = await train(config, parts, { model, callbacks: [measure] });
  trainings.set(name, epochs);

  const percent = (100 * (1 - test!.accuracy)).toFixed(1).padStart(5);
  console.log(`${name.padEnd(8)} test error ${percent} %`);
  return test!;
}

const small = { channels: 1, classes: 4, width: 8 };
await compare("plain20", cifarPlain(20, small));
await compare("plain56", cifarPlain(56, small));

await writeFile(`${pictures}/gradients-plain.svg`, gradientChart(gradients).svg);

const block = new BasicBlock(4, 4);
const zeros = new Map(
  [...initialState(block, 1)].map(([name, { shape }]) => [name, hostArray(shape)]),
);
const pixels = Float32Array.from({ length: 100 }, (_, i) => i / 100);
const x = hostArray([1, 4, 5, 5], pixels);
const y = await forward(block, x, { state: zeros });
console.log(
  "zero weights pass x on:",
  y.data.every((value, i) => value === x.data[i]),
);

await compare("resnet20", cifarResnet(20, small));
const test = await compare("resnet56", cifarResnet(56, small));

await writeFile(`${pictures}/gradients.svg`, gradientChart(gradients).svg);
await writeFile(`${pictures}/error.svg`, errorChart(trainings, { validation: "test" }).svg);

const mistakes = await mistakeGrid({
  scores: test,
  labels: data.test.labels.data,
  classes,
  readImage: imageOf(data.test),
});
await writeFile(`${pictures}/mistakes.svg`, mistakes.svg);

const weightsOf = (block: Module): number =>
  summarize("block", block, [256, 56, 56])
    .layers.filter(({ type }) => type === "Conv2d")
    .reduce((sum, { parameters }) => sum + parameters, 0);

const bottleneck = weightsOf(new Bottleneck(256, 64));
const basic = weightsOf(new BasicBlock(256, 256));
console.log(`${bottleneck} against ${basic}: ${(basic / bottleneck).toFixed(2)} times as many`);
