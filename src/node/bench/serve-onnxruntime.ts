// onnxruntime's side of `resnet bench --compare onnxruntime`: forward passes on request.
//
//     node dist/src/node/bench/serve-onnxruntime.js ROW-AS-JSON THREADS
//
// RESNET_BENCH_ONNXRUNTIME   folder of an installed onnxruntime-node; not a dependency of this package
// RESNET_BENCH_ONNX_MODELS   folder with `resnet18-3x224x224.onnx` and so on, which `tools/export_onnx.py` makes
import path from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { imageOf, type BenchRow } from "./bench-row.js";

/** As much of onnxruntime-node as is used here. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(file: string, options: object): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => object;
}
interface OnnxSession {
  readonly inputNames: readonly string[];
  run(feeds: Readonly<Record<string, object>>): Promise<unknown>;
}

const warmupRuns = 3;

const [rowText = "", threads = "1"] = process.argv.slice(2);
const row = JSON.parse(rowText) as BenchRow;
const folder = path.resolve(process.env["RESNET_BENCH_ONNXRUNTIME"] ?? "onnxruntime-node");
const models = process.env["RESNET_BENCH_ONNX_MODELS"] ?? ".";

const loaded = (await import(pathToFileURL(path.join(folder, "dist/index.js")).href)) as
  OnnxRuntime | { readonly default: OnnxRuntime };
const { InferenceSession, Tensor } = "default" in loaded ? loaded.default : loaded;
const session = await InferenceSession.create(path.join(models, `${row.model}-${row.input}.onnx`), {
  intraOpNumThreads: Number(threads),
  graphOptimizationLevel: "all",
});
const shape = [row.batch, ...imageOf(row)];
const images = Float32Array.from(
  { length: shape.reduce((product, size) => product * size, 1) },
  (_, i) => ((i * 7919) % 257) / 128 - 1,
);
const feeds = { [session.inputNames[0]!]: new Tensor("float32", images, shape) };

async function time(runs: number): Promise<number[]> {
  const milliseconds: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await session.run(feeds);
    milliseconds.push(performance.now() - start);
  }
  return milliseconds;
}

await time(warmupRuns);
console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const runs = Number(/^run (\d+)$/.exec(line)?.[1]);
  const milliseconds = await time(runs);
  console.log(JSON.stringify({ milliseconds, peakBytes: process.resourceUsage().maxRSS * 1024 }));
}
