// Our side of `resnet bench`: runs of one row on request, in a process of its own.
//
//     node dist/src/node/bench/serve.js '{ "row": …, "precision": …, "on": … }'
//
// Prints `ready` and what it runs on after a warm-up, then answers lines on standard input, each with a line of JSON:
// `run K` with the milliseconds of K more runs and the peak memory, `profile K` with the profile of K more runs.
// `tools/bench_pytorch.py --serve` and `serve-onnxruntime.js` are its rivals, and answer `run K` alike.
import { createInterface } from "node:readline";
import { profileOf, programCost } from "../../report/profile.js";
import type { Precision } from "../../program/precision.js";
import type { BenchRow } from "./bench-row.js";
import type { BenchExecutor } from "./rivals.js";
import { prepareWorkload } from "./workload.js";

const warmupRuns = 3;

const { row, precision, on } = JSON.parse(process.argv[2] ?? "") as {
  readonly row: BenchRow;
  readonly precision: Precision;
  readonly on: BenchExecutor;
};
const { executor, step } = await prepareWorkload(row, precision, on);

async function time(runs: number): Promise<number[]> {
  const milliseconds: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await step();
    milliseconds.push(performance.now() - start);
  }
  return milliseconds;
}

async function answer(word: string, runs: number): Promise<object> {
  if (word === "run") {
    const milliseconds = await time(runs);
    return { milliseconds, peakBytes: process.resourceUsage().maxRSS * 1024 };
  }
  executor.reset();
  await time(runs);
  const times = executor.times()[0]!;
  return { profile: profileOf(times), cost: programCost(times.program) };
}

await time(warmupRuns);
console.log(`ready ${executor.description}`);
for await (const line of createInterface({ input: process.stdin })) {
  const [, word, runs] = /^(run|profile) (\d+)$/.exec(line) ?? [];
  if (!word) throw new Error(`the line should be "run K" or "profile K", but is "${line}"`);
  console.log(JSON.stringify(await answer(word, Number(runs))));
}
await executor.close();
