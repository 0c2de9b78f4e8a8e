// `npm run bench`: our training step beside PyTorch's, in turn, on one machine.
//
//     RESNET_BENCH_PYTHON=venv/bin/python npm run bench
//
// RESNET_BENCH_PYTHON names a Python that has torch; without it only our own figures are printed. PyTorch runs
// contiguous and channels-last, and its better median counts. RESNET_BENCH_ROUNDS (default 5) rounds of two steps each.
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { nativeCapabilities } from "../src/executors/native/load-addon.js";
import { createModel } from "../src/models/catalog.js";
import { plan } from "../src/planner/plan.js";
import { sgd } from "../src/train/optimizers/sgd.js";
import { traceTrainStep } from "../src/train/train-step.js";
import { StepServer } from "./step-server.js";

interface Row {
  readonly name: string;
  readonly model: string;
  readonly input: string;
  readonly batch: number;
}

const stepsPerRound = 2;
const rounds = Number(process.env["RESNET_BENCH_ROUNDS"] ?? 5);
const python = process.env["RESNET_BENCH_PYTHON"];
const root = fileURLToPath(new URL("../../", import.meta.url));
const rows = JSON.parse(
  readFileSync(path.join(root, "bench/shapes/training-step.json"), "utf8"),
) as readonly Row[];
const { isa, physicalCores } = nativeCapabilities();

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

console.log(
  `${cpus()[0]?.model.trim()}, ${physicalCores} threads, ${isa}, fp32, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
);
console.log(`planner, ResNet-152, 3x224x224, batch 32: ${planningMs().toFixed(0)} ms`);
for (const row of rows) await compare(row);

/** Tracing, differentiating and planning, after one warm-up: what a user waits for before the first step. */
function planningMs(): number {
  const times = Array.from({ length: 4 }, () => {
    const start = performance.now();
    const source = {
      name: "bench",
      rows: 32,
      imageShape: [224, 224, 3] as const,
      normalise: { mean: [0, 0, 0], std: [1, 1, 1] },
    };
    const model = createModel("resnet152", { classes: 1000, channels: 3 });
    plan(
      "train-step",
      traceTrainStep(model, { source, batchSize: 32, optimizer: sgd({ momentum: 0.9 }) }),
    );
    return performance.now() - start;
  });
  return median(times.slice(1));
}

async function compare({ name, model, input, batch }: Row): Promise<void> {
  const threads = String(physicalCores);
  const torchArgs = (layout: string): string[] =>
    `${path.join(root, "tools/bench_pytorch.py")} --serve --model ${model} --input ${input} --batch ${batch} --threads ${threads} --layout ${layout}`.split(
      " ",
    );
  const ours = path.join(root, "dist/bench/serve-train-step.js");
  const servers = [
    await StepServer.start("resnet-ts", process.execPath, [
      ours,
      model,
      input,
      String(batch),
      threads,
    ]),
  ];
  if (python) {
    for (const layout of ["nchw", "nhwc"])
      servers.push(await StepServer.start(`PyTorch ${layout}`, python, torchArgs(layout)));
  }
  const times = new Map<StepServer, number[]>(servers.map((server) => [server, []]));
  const peaks = new Map<StepServer, number>();
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) {
      const { milliseconds, peakBytes } = await server.run(stepsPerRound);
      times.get(server)!.push(...milliseconds);
      peaks.set(server, peakBytes);
    }
  }
  console.log(`\n${name}: median of ${rounds * stepsPerRound} steps in ${rounds} rounds, in turn`);
  for (const server of servers) {
    const all = times.get(server)!;
    const ms = median(all);
    const spread = `${Math.min(...all).toFixed(0)} … ${Math.max(...all).toFixed(0)}`;
    console.log(
      `  ${server.name.padEnd(13)} ${ms.toFixed(0).padStart(6)} ms a step (${spread})   ${((1000 * batch) / ms).toFixed(0).padStart(6)} images/s   ` +
        `peak memory ${(peaks.get(server)! / 2 ** 20).toFixed(0)} MiB`,
    );
  }
  const [own, ...peers] = servers.map((server) => median(times.get(server)!));
  if (peers.length > 0)
    console.log(`  ratio to PyTorch's better: ${(Math.min(...peers) / own!).toFixed(2)}x`);
  for (const server of servers) server.close();
}
