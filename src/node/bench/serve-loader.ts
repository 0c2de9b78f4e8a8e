// Our side of `resnet bench --loader`: epochs of images from a folder on request, in a process of its own.
//
//     node dist/src/node/bench/serve-loader.js FOLDER WORKERS [CACHE]
//
// Loads one epoch, which fills the cache, and prints `ready`. Then answers each line `run K` on standard input with a line
// of JSON about K more epochs. `tools/bench_loader.py` is its rival, and answers alike.
import { createInterface } from "node:readline";
import { epochBatches } from "../../data/batches.js";
import { readImageFolder } from "../data/images/image-folder.js";
import { ImageWorkers } from "../data/loader/image-workers.js";
import { parseTransforms } from "../../data/transforms/transform-text.js";
import { randomKey } from "../../tensor/random.js";
import { streamingSource } from "../train/image-file-opener.js";
import { loaderBatch, loaderTransforms, type LoaderTimes } from "./loader-time.js";

const [folder = "", workerCount, cache] = process.argv.slice(2);
const { train } = await readImageFolder(folder);
const workers = new ImageWorkers(Number(workerCount));
const transforms = parseTransforms(loaderTransforms);
const source = streamingSource(workers, train, {
  transforms: { train: transforms, eval: transforms },
  normalize: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  channels: 3,
  cache,
});
const rows = Int32Array.from(train.files.keys());
let epochs = 0;

async function epoch(): Promise<void> {
  const key = randomKey(1, "bench", epochs++);
  for await (const _ of source.batches(epochBatches(rows, loaderBatch, key), key));
}

async function run(count: number): Promise<LoaderTimes> {
  const before = process.cpuUsage();
  const milliseconds: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await epoch();
    milliseconds.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(before);
  return {
    milliseconds,
    processorMilliseconds: (user + system) / 1000,
    images: source.rows,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
}

await epoch();
console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const [, count] = /^run (\d+)$/.exec(line) ?? [];
  if (!count) throw new Error(`the line should be "run K", but is "${line}"`);
  console.log(JSON.stringify(await run(Number(count))));
}
await workers.close();
