import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Precision } from "../../program/precision.js";
import { classesOf, type BenchRow } from "./bench-row.js";
import type { RivalCommand } from "./rival.js";

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const script = (file: string): string =>
  fileURLToPath(new URL(`../../../../${file}`, import.meta.url));

/** Our own process for a row. */
export const ourselves = (row: BenchRow, precision: Precision, threads: number): RivalCommand => ({
  name: `resnet-ts ${precision}`,
  command: process.execPath,
  args: [here("./serve.js"), JSON.stringify(row), precision, String(threads)],
});

/** PyTorch in every way that may be its fastest: precision x layout x eager or compiled. */
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

/** onnxruntime on the exported model; only forward passes. */
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

/** Whether onnxruntime can be asked: the folder and the row's model, from the environment. */
export const onnxModelFile = (row: BenchRow, folder: string): string =>
  path.join(folder, `${row.model}-${row.input}.onnx`);
