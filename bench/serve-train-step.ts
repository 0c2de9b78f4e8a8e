// Our side of `npm run bench`: training steps on request, in a process of its own.
//
//     node dist/bench/serve-train-step.js resnet34 1x28x28 512 2
//
// Prints `ready` and what it runs on after the warm-up, then answers each line `run K` on standard input with one line of
// JSON: the milliseconds of K more steps, and the process's peak memory. `tools/bench_pytorch.py --serve` is its peer.
import { createInterface } from "node:readline";
import { createModel } from "../src/models/catalog.js";
import { NativeExecutor } from "../src/executors/native/native-executor.js";
import { plan } from "../src/planner/plan.js";
import { hostArray } from "../src/tensor/host-array.js";
import { randomKey, uniform } from "../src/tensor/random.js";
import { initialState, writeModelState } from "../src/train/model-state.js";
import { sgd } from "../src/train/optimizers/sgd.js";
import { imagesState, labelsState, traceTrainStep } from "../src/train/train-step.js";

const warmupSteps = 3;
const classes = 10;

const [modelName = "", input = "", batchText = "", threads = ""] = process.argv.slice(2);
const [channels = 1, height = 1, width = 1] = input.split("x").map(Number);
const batch = Number(batchText);

const model = createModel(modelName, { classes, channels });
const source = {
  name: "bench",
  rows: batch,
  imageShape: [height, width, channels] as const,
  normalise: { mean: Array<number>(channels).fill(0.5), std: Array<number>(channels).fill(0.5) },
};
const executor = new NativeExecutor({ threads: Number(threads) });
const step = executor.load(
  plan(
    "train-step",
    traceTrainStep(model, { source, batchSize: batch, optimizer: sgd({ momentum: 0.9 }) }),
  ),
);
writeModelState(executor, model, initialState(model, 1));
const key = randomKey(1, "bench");
const bytes = Uint8Array.from({ length: batch * height * width * channels }, (_, i) =>
  Math.floor(256 * uniform(key, i)),
);
executor.write(imagesState("bench"), hostArray([batch, height, width, channels], bytes, "u8"));
executor.write(
  labelsState("bench"),
  hostArray(
    [batch],
    Int32Array.from({ length: batch }, (_, i) => i % classes),
    "i32",
  ),
);
const inputs = {
  indices: hostArray(
    [batch],
    Int32Array.from({ length: batch }, (_, i) => i),
    "i32",
  ),
  learningRate: 0.001,
  momentum: 0.9,
};

async function time(steps: number): Promise<number[]> {
  const milliseconds: number[] = [];
  for (let i = 0; i < steps; i++) {
    const start = performance.now();
    await step.run(inputs);
    milliseconds.push(performance.now() - start);
  }
  return milliseconds;
}

await time(warmupSteps);
console.log(`ready ${executor.description}`);
for await (const line of createInterface({ input: process.stdin })) {
  const steps = Number(/^run (\d+)$/.exec(line)?.[1]);
  console.log(
    JSON.stringify({
      milliseconds: await time(steps),
      peakBytes: process.resourceUsage().maxRSS * 1024,
    }),
  );
}
await executor.close();
