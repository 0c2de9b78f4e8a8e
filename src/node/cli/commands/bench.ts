import "../../webgpu/register.js";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { Command, Option } from "commander";
import { createExecutor } from "../../../executors/create-executor.js";
import { benchRows, selectRows, type BenchRow } from "../../bench/bench-row.js";
import { type RowResult, compareRow } from "../../bench/compare-row.js";
import {
  augmentations,
  formatDataWait,
  measureDataWait,
  type DataWait,
} from "../../bench/data-wait.js";
import { type Machine, formatMachine, formatRow } from "../../bench/format-bench.js";
import {
  formatLoader,
  loaderBatch,
  loaderTransforms,
  measureLoaders,
} from "../../bench/loader-time.js";
import { planningMilliseconds } from "../../bench/workload.js";
import {
  type RivalCommand,
  onnxModelFile,
  onnxruntimeWays,
  ourselves,
  pytorchWays,
} from "../../bench/rivals.js";
import { defaultWorkers } from "../../data/loader/image-workers.js";
import { measurePeak, nativeCapabilities } from "../../native/load-addon.js";
import { formatProfile } from "../../../report/profile.js";
import { ResnetError, UsageError } from "../../../tensor/error.js";
import type { Precision } from "../../../program/precision.js";
import {
  adapterOption,
  jsonOption,
  threadsOption,
  wholeNumber,
  workersOption,
} from "../options.js";
import { Output } from "../output.js";
import { packageVersion } from "../package-version.js";

interface BenchFlags {
  readonly rows: string;
  readonly compare?: "pytorch" | "onnxruntime";
  readonly python: string;
  readonly compile?: boolean;
  readonly ways: string;
  readonly precision: Precision;
  readonly rounds: number;
  readonly executor: "native" | "webgpu";
  readonly threads?: number;
  readonly adapter?: string;
  readonly profile?: boolean;
  readonly dataWait?: boolean;
  readonly loader?: string;
  readonly workers?: number;
  readonly json?: boolean;
}

export const benchCommand = (): Command =>
  new Command("bench")
    .summary("measure training and inference, also beside others'")
    .description(
      "Measures training steps and forward passes on the native executor or on a GPU, alone or in turn with a peer: " +
        "each in a process of its own, round after round. Prints medians, ratios and the share of the roofline.",
    )
    .option("--rows <pattern>", 'rows whose names have all these words: "train resnet50"', "")
    .addOption(new Option("--compare <peer>", "who else runs").choices(["pytorch", "onnxruntime"]))
    .addOption(
      new Option("--python <file>", "a Python that has torch")
        .env("RESNET_BENCH_PYTHON")
        .default("python3"),
    )
    .option("--compile", "also try torch.compile, which needs a C++ compiler")
    .option("--ways <words>", "only the peer's ways with all these words: fp32 nhwc", "")
    .addOption(
      new Option("--precision <p>", "our own arithmetic").choices(["fp32", "bf16"]).default("fp32"),
    )
    .option("--rounds <n>", "turns that each takes", wholeNumber, 5)
    .addOption(
      new Option("--executor <name>", "what runs our own rows")
        .choices(["native", "webgpu"])
        .default("native"),
    )
    .addOption(threadsOption())
    .addOption(adapterOption())
    .option("--profile", "show where our time goes, for each row")
    .option("--data-wait", "only how long a training waits for its images, by augmentation")
    .option("--loader <folder>", "only how fast images of a folder are loaded, cached or not")
    .addOption(workersOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nFor onnxruntime, RESNET_BENCH_ONNXRUNTIME names the folder of an installed onnxruntime-node and\n" +
        "RESNET_BENCH_ONNX_MODELS one with the exported models.\n" +
        '\nExample:\n  resnet bench --compare pytorch --python venv/bin/python --rows "train resnet34"',
    )
    .action(bench);

/** Steps of each augmentation. */
const dataWaitSteps = 20;

async function benchDataWait({ threads, json }: BenchFlags, output: Output): Promise<void> {
  const waits: DataWait[] = [];
  output.say(`ResNet-20 on 50,000 images of 3x32x32, batch 128, ${dataWaitSteps} steps each`);
  for (const transforms of augmentations) {
    const wait = await measureDataWait(transforms, dataWaitSteps, threads);
    waits.push(wait);
    output.say(formatDataWait(wait));
  }
  if (json) output.result({ waits }, "");
}

async function benchLoader(folder: string, flags: BenchFlags, output: Output): Promise<void> {
  const { workers = defaultWorkers(), rounds, compare, python } = flags;
  if (compare === "onnxruntime") {
    throw new ResnetError("ERR_RIVAL", "onnxruntime loads no images: compare with pytorch");
  }
  output.say(
    `${loaderTransforms}, batches of ${loaderBatch}, ${workers} workers, ${rounds} epochs after the first`,
  );
  const peer = compare === "pytorch" ? python : undefined;
  const loaders = await measureLoaders(folder, { workers, rounds, python: peer });
  output.result({ workers, loaders }, loaders.map(formatLoader).join("\n"));
}

async function bench(flags: BenchFlags): Promise<void> {
  const output = new Output(flags.json ?? false);
  if (flags.loader !== undefined) return benchLoader(flags.loader, flags, output);
  if (flags.dataWait) return benchDataWait(flags, output);
  const rows = selectRows(benchRows(), flags.rows);
  const { precision } = flags;
  const found = flags.executor === "webgpu" ? await examineGpu(flags) : examineProcessor(flags);
  const machine: Machine = {
    ...found,
    executor: flags.executor,
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    version: packageVersion,
    precision,
    date: new Date().toISOString().slice(0, 10),
  };
  const { peak, threads = defaultThreads() } = machine;
  const planning = planningMilliseconds();
  output.say(formatMachine(machine));
  output.say(`planner: ${planning.toFixed(0)} ms for a training step of ResNet-152`);
  const results: RowResult[] = [];
  for (const row of rows) {
    const result = await compareRow(row, ourselves(row, precision, flags), {
      rounds: flags.rounds,
      peers: peersOf(row, threads, flags),
      peak,
      say: (line) => output.notice(line),
    });
    results.push(result);
    output.say(`\n${formatRow(result)}`);
    if (flags.profile) output.say(`\n${formatProfile(result.profile)}`);
  }
  if (flags.json) output.result({ machine, planningMilliseconds: planning, rows: results }, "");
}

type Found = Pick<Machine, "processor" | "isa" | "threads" | "peak">;

/** The processor, and the peaks of the threads that are used. */
function examineProcessor({ precision, threads: given }: BenchFlags): Found {
  const { isa, physicalCores } = nativeCapabilities();
  const threads = given ?? physicalCores;
  const { flopsPerSecond, bf16FlopsPerSecond, bytesPerSecond } = measurePeak(threads);
  const peak = {
    flopsPerSecond: precision === "bf16" ? bf16FlopsPerSecond : flopsPerSecond,
    bytesPerSecond,
  };
  return { processor: cpus()[0]?.model.trim() ?? "unknown", isa, threads, peak };
}

/** The GPU, which must be there. @throws {UnavailableError} `ERR_ADAPTER` */
async function examineGpu({ adapter }: BenchFlags): Promise<Found> {
  const executor = await createExecutor("webgpu", { adapter });
  await executor.close();
  return { processor: executor.description.replace(/^webgpu, /, ""), peak: null };
}

/** Threads of a peer, beside a GPU. */
const defaultThreads = (): number => cpus().length;

function peersOf(row: BenchRow, threads: number, flags: BenchFlags): readonly RivalCommand[] {
  const { compare, python, compile = false } = flags;
  if (compare === "pytorch") {
    const words = flags.ways.split(/\s+/).filter(Boolean);
    const ways = pytorchWays(row, threads, { python, compile });
    const chosen = ways.filter(({ name }) => words.every((word) => name.split(" ").includes(word)));
    if (chosen.length > 0) return chosen;
    const names = ways.map(({ name }) => name).join(", ");
    throw new UsageError("ERR_ROWS", `no way has all the words of "${flags.ways}": ${names}`);
  }
  if (compare !== "onnxruntime" || row.pass === "train") return [];
  for (const name of ["RESNET_BENCH_ONNXRUNTIME", "RESNET_BENCH_ONNX_MODELS"]) {
    if (process.env[name]) continue;
    throw new ResnetError("ERR_RIVAL", `onnxruntime cannot be measured: ${name} is not set`);
  }
  const file = onnxModelFile(row, process.env["RESNET_BENCH_ONNX_MODELS"]!);
  if (existsSync(file)) return onnxruntimeWays(row, threads);
  throw new ResnetError(
    "ERR_RIVAL",
    `onnxruntime cannot be measured: there is no ${file}; tools/export_onnx.py makes it`,
  );
}
