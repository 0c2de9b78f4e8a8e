import { type ChildProcessByStdio, spawn } from "node:child_process";
import path from "node:path";
import { type Interface, createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { ResnetError } from "../../tensor/error.js";
import type { Precision } from "../../program/precision.js";
import { type BenchRow, classesOf } from "./bench-row.js";

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const script = (file: string): string =>
  fileURLToPath(new URL(`../../../../${file}`, import.meta.url));

/** What our own process runs on. */
export interface BenchExecutor {
  readonly executor: "native" | "webgpu";
  /** Threads of the native executor. Default: the cores there are. */
  readonly threads?: number | undefined;
  /** The GPU, as `createExecutor` takes it. Default: the system's choice. */
  readonly adapter?: string | undefined;
}

/** The command of our own process for a row. */
export const ourselves = (
  row: BenchRow,
  precision: Precision,
  { executor, threads, adapter }: BenchExecutor,
): RivalCommand => ({
  name: `resnet-ts ${precision}`,
  command: process.execPath,
  args: [
    here("./serve.js"),
    JSON.stringify({ row, precision, on: { executor, threads, adapter } }),
  ],
});

/** The commands of PyTorch in every configuration that may be its fastest: precision x layout x eager or compiled. */
export function pytorchWays(
  row: BenchRow,
  threads: number,
  { python, compile }: { readonly python: string; readonly compile: boolean },
): readonly RivalCommand[] {
  const ways = ["fp32", "bf16"].flatMap((precision) =>
    ["nchw", "nhwc"].flatMap((layout) =>
      (compile ? ["eager", "compiled"] : ["eager"]).map((mode) => ({ precision, layout, mode })),
    ),
  );
  return ways.map(({ precision, layout, mode }) => ({
    name: `PyTorch ${precision} ${layout}${mode === "compiled" ? " compiled" : ""}`,
    command: python,
    args: [
      script("tools/bench_pytorch.py"),
      "--serve",
      `--model=${row.model}`,
      `--input=${row.input}`,
      `--batch=${row.batch}`,
      `--classes=${classesOf(row)}`,
      `--threads=${threads}`,
      `--mode=${row.pass === "train" ? "train" : "eval"}`,
      `--precision=${precision}`,
      `--layout=${layout}`,
      ...(mode === "compiled" ? ["--compile"] : []),
    ],
  }));
}

/** The command of onnxruntime on the exported model; only for forward passes. */
export const onnxruntimeWays = (row: BenchRow, threads: number): readonly RivalCommand[] =>
  row.pass === "train"
    ? []
    : [
        {
          name: "onnxruntime fp32",
          command: process.execPath,
          args: [here("./serve-onnxruntime.js"), JSON.stringify(row), String(threads)],
        },
      ];

/** The ONNX file of a row's model in a folder. */
export const onnxModelFile = (row: BenchRow, folder: string): string =>
  path.join(folder, `${row.model}-${row.input}.onnx`);

/** The command of a rival: a program that answers lines `run K`. */
export interface RivalCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** A rival's answer to `run K`. */
export interface RunTimes {
  readonly milliseconds: readonly number[];
  /** Largest resident set of the process so far, in bytes. */
  readonly peakBytes: number;
}

/** A process that runs on request and is idle in between, so that rivals take turns. */
export class Rival {
  private readonly lines: AsyncIterator<string>;
  private readonly gone: Promise<void>;

  private constructor(
    readonly name: string,
    private readonly child: ChildProcessByStdio<Writable, Readable, null>,
    reader: Interface,
  ) {
    this.lines = reader[Symbol.asyncIterator]();
    this.gone = new Promise((resolve) => child.once("exit", () => resolve()));
    // Writing to a dead process fails here; the missing answer reports it.
    child.stdin.on("error", () => undefined);
  }

  /**
   * Starts a rival and waits until it has warmed up.
   *
   * @throws {ResnetError} `ERR_RIVAL` if it ends before it is ready; its output may say why
   */
  static async start({ name, command, args }: RivalCommand): Promise<Rival> {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    const failed = new Promise<never>((_, reject) => {
      child.once("error", (error) => reject(ended(name, error.message)));
    });
    const rival = new Rival(name, child, createInterface({ input: child.stdout }));
    const first = await Promise.race([rival.nextLine(), failed]);
    if (!first.startsWith("ready"))
      throw ended(name, `it says ${JSON.stringify(first)} instead of ready`);
    return rival;
  }

  run(runs: number): Promise<RunTimes> {
    return this.ask(`run ${runs}`);
  }

  /** Sends a line and parses the answer. */
  async ask<T>(line: string): Promise<T> {
    this.child.stdin.write(`${line}\n`);
    return JSON.parse(await this.nextLine()) as T;
  }

  close(): Promise<void> {
    this.child.stdin.end();
    return this.gone;
  }

  private async nextLine(): Promise<string> {
    const { value, done } = await this.lines.next();
    if (!done) return value;
    await this.gone;
    throw ended(this.name, `it ended before it answered, ${howItEnded(this.child)}`);
  }
}

/** Describes the end of a process: "with exit code 1". If memory runs out, the kernel sends SIGKILL. */
function howItEnded({
  exitCode,
  signalCode,
}: ChildProcessByStdio<Writable, Readable, null>): string {
  if (signalCode === null) return `with exit code ${exitCode}`;
  const maybe = signalCode === "SIGKILL" ? "; the memory may not have been enough" : "";
  return `killed by ${signalCode}${maybe}`;
}

const ended = (name: string, why: string): ResnetError =>
  new ResnetError("ERR_RIVAL", `${name} cannot be measured: ${why}`);
