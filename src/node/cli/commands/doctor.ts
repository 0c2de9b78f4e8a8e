import { cpus, totalmem } from "node:os";
import { Command } from "commander";
import { listDatasets } from "../../../data/dataset-info.js";
import { describeJpegDecoder } from "../../data/loader/native-jpeg.js";
import { loadDataset } from "../../data/load-dataset.js";
import {
  nativeCapabilities,
  NativeLoadError,
  type NativeCapabilities,
} from "../../native/load-addon.js";
import { UnavailableError } from "../../../executors/unavailable-error.js";
import { listAdapters, type AdapterDescription } from "../../webgpu/adapters.js";
import { jsonOption } from "../options.js";
import { Output } from "../output.js";

export const doctorCommand = (): Command =>
  new Command("doctor")
    .summary("show what this machine offers: executor, instruction sets, threads, data")
    .addOption(jsonOption())
    .action(async ({ json }: { readonly json?: boolean }) => {
      const findings = await examine();
      new Output(json ?? false).result(findings, format(findings));
    });

interface Findings {
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly memoryBytes: number;
  /** The executor that `--executor auto` takes; null if it would fail. */
  readonly executor: "native" | "webgpu" | "reference" | null;
  readonly native: NativeCapabilities | { readonly problem: string };
  /** The GPUs of `--executor webgpu`, in the order of the numbers that `--adapter` takes. */
  readonly webgpu: readonly AdapterDescription[] | { readonly problem: string };
  /** The decoder for JPEG files in folders. */
  readonly jpeg: string;
  /** Data sets, and whether they are on this machine. */
  readonly data: Readonly<Record<string, boolean>>;
}

async function examine(): Promise<Findings> {
  const { executor, native } = examineNative();
  const webgpu = await examineAdapters();
  const hasGpu = !("problem" in webgpu) && webgpu.length > 0;
  const data = await Promise.all(
    listDatasets().map(async ({ name }) => [name, await isHere(name)] as const),
  );
  return {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    memoryBytes: totalmem(),
    executor: executor === "reference" && hasGpu ? "webgpu" : executor,
    native,
    webgpu,
    jpeg: describeJpegDecoder(),
    data: Object.fromEntries(data),
  };
}

/** What `auto` takes where there is no GPU, and why. */
function examineNative(): Pick<Findings, "executor" | "native"> {
  try {
    return { executor: "native", native: nativeCapabilities() };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { executor: error instanceof NativeLoadError ? "reference" : null, native: { problem } };
  }
}

async function examineAdapters(): Promise<Findings["webgpu"]> {
  try {
    return await listAdapters();
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    return { problem: error.summary };
  }
}

const isHere = (name: string): Promise<boolean> =>
  loadDataset(name, { offline: true }).then(
    () => true,
    () => false,
  );

function format(findings: Findings): string {
  const { node, platform, cpu, memoryBytes, executor, native, webgpu, jpeg, data } = findings;
  const rows =
    "problem" in native
      ? [["native", native.problem]]
      : [
          ["isa", `${native.isa} (of ${native.isas.join(", ")})`],
          ["threads", `${native.physicalCores} cores, ${native.threads} processors`],
        ];
  return [
    ["node", `${node}, ${platform}`],
    ["processor", `${cpu}, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB of memory`],
    ["executor", executor ?? "none"],
    ...rows,
    ...adapterRows(webgpu),
    ["jpeg", jpeg],
    ...Object.entries(data).map(([name, here]) => [
      "data",
      `${name}: ${here ? "here" : `not here; get it with resnet data get ${name}`}`,
    ]),
  ]
    .map(([name, value]) => `${name!.padEnd(10)} ${value}`)
    .join("\n");
}

function adapterRows(webgpu: Findings["webgpu"]): string[][] {
  if ("problem" in webgpu) return [["webgpu", webgpu.problem]];
  if (webgpu.length === 0)
    return [["webgpu", "no GPU: install a driver for Vulkan, Metal or Direct3D 12"]];
  const size = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  return webgpu.flatMap(({ name, backend, driver, features, ...limits }, i) => [
    ["webgpu", `${i}: ${name}, ${backend}, ${driver}`],
    [
      "",
      `   bindings of ${size(limits.maxBindingBytes)}, buffers of ${size(limits.maxBufferBytes)}, ` +
        `${limits.bindings} bindings a kernel, ${limits.workgroupBytes} bytes a workgroup; ` +
        (features.join(", ") || "no optional features"),
    ],
  ]);
}
