import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Program } from "../../program/program.js";
import { ResnetError, UsageError } from "../../tensor/error.js";
import type { HostArray } from "../../tensor/host-array.js";
import type { DType, Shape } from "../../tensor/shape.js";
import { UnavailableError } from "../../executors/unavailable-error.js";
import type { RunInputs, RunOutputs } from "../../executors/executor.js";

/** The capabilities of the machine that the native engine can use. */
export interface NativeCapabilities {
  /** The instruction set that executors use: the best supported, or the one `RESNET_ISA` names. */
  readonly isa: string;
  /** Every instruction set supported here, best first. */
  readonly isas: readonly string[];
  /** Whether that instruction set multiplies bf16, so that training in it is faster than in fp32. */
  readonly bf16: boolean;
  /** Processors this process may use. */
  readonly threads: number;
  /** The number of distinct physical cores among them. */
  readonly physicalCores: number;
}

/** The measured peak rates of the machine with a number of threads. */
export interface NativePeak {
  /** Multiply-adds in registers, two operations each, on the instruction set in use. */
  readonly flopsPerSecond: number;
  /** The same of bf16 values, summed in float32. */
  readonly bf16FlopsPerSecond: number;
  /** A triad, `a = b + s · c`, over arrays that no cache holds: two reads and a write. */
  readonly bytesPerSecond: number;
}

/** A program inside the addon; `native/addon.cc` says what may be called when. */
export interface AddonProgram {
  run(inputs: RunInputs): Promise<RunOutputs>;
  nanoseconds(): Float64Array;
  close(): void;
}

export interface AddonExecutor {
  readonly isa: string;
  readonly threads: number;
  load(program: Program): AddonProgram;
  write(name: string, value: HostArray): void;
  read(name: string): HostArray;
  remove(name: string): void;
  states(): readonly { readonly name: string; readonly shape: Shape; readonly dtype: DType }[];
  cancel(): void;
  close(): void;
}

/** The exports of `native/addon.cc`. */
export interface Addon {
  readonly Executor: new (threads: number) => AddonExecutor;
  capabilities(): NativeCapabilities;
  peak(threads: number): NativePeak;
  /** Copies a part of an image, mirrored or not. Gives the bytes of `plainLoops.copyPixels`. */
  copyPixels(
    source: Uint8Array,
    target: Uint8Array,
    channels: number,
    walk: {
      readonly start: number;
      readonly perRow: number;
      readonly perColumn: number;
      readonly height: number;
      readonly width: number;
    },
  ): void;
  /** Resizes an image along one axis. Gives the bytes of `plainLoops.resampleAxis`. */
  resampleAxis(
    source: Uint8Array,
    target: Uint8Array,
    outer: number,
    inner: number,
    taps: {
      readonly start: Int32Array;
      readonly count: Int32Array;
      readonly weights: Int32Array;
      readonly stride: number;
    },
  ): void;
}

/** Thrown where no build of the native engine can be loaded; says what was tried and what to do. */
export class NativeLoadError extends UnavailableError {
  override readonly name = "NativeLoadError";
  /**
   * @param attempts what was tried, and why it failed
   * @param canBuild whether the engine's sources are here, as in a clone
   */
  constructor(
    readonly attempts: readonly { readonly file: string; readonly reason: string }[],
    canBuild: boolean,
  ) {
    const title = `the native executor cannot be loaded on ${process.platform}-${process.arch}`;
    const remedy = canBuild
      ? "npm run build:native   (needs a C++17 compiler and make: apt install g++ make)"
      : "build a clone of the project; this package has no binary for this platform";
    const tried = attempts.map(({ file, reason }) => `  ${file}: ${reason}`);
    const worst = attempts.find(({ reason }) => reason !== notFound) ?? attempts[0];
    super(
      "ERR_NATIVE_LOAD",
      [
        title,
        ...tried,
        `  To build it:      ${remedy}`,
        "  To go without it: --executor reference   (slow)",
      ].join("\n"),
      `${title} (${worst?.file}: ${worst?.reason}); to build it: ${remedy}`,
    );
  }
}

const notFound = "not found";

/** The nearest folder above this file that has a package.json. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) return process.cwd();
    folder = parent;
  }
  return folder;
}

let loaded: Addon | undefined;

/**
 * The native engine: the one built in a clone (`native/build/`), else the one that was shipped
 * (`prebuilds/`). `RESNET_NATIVE_ADDON` names another file, and nothing else is tried.
 *
 * @throws {NativeLoadError} if neither can be loaded
 */
export function loadAddon(): Addon {
  loaded ??= loadEngine();
  return loaded;
}

/**
 * Where an addon may lie: built in a clone, else shipped. `RESNET_NATIVE_ADDON` names the engine's file, and the folder of
 * the others; then nothing else is tried.
 */
export function addonFiles(name: "resnet" | "jpeg"): readonly string[] {
  const named = process.env["RESNET_NATIVE_ADDON"];
  if (named) return [name === "resnet" ? named : join(dirname(named), `${name}.node`)];
  const root = packageRoot();
  const platform = `${process.platform}-${process.arch}`;
  return [
    join(root, "native", "build", `${name}.node`),
    join(root, "prebuilds", name === "resnet" ? `${platform}.node` : `${platform}-${name}.node`),
  ];
}

function loadEngine(): Addon {
  const require = createRequire(import.meta.url);
  const root = packageRoot();
  const attempts = [];
  for (const file of addonFiles("resnet")) {
    const shown = process.env["RESNET_NATIVE_ADDON"] ?? relative(root, file);
    if (!existsSync(file)) {
      attempts.push({ file: shown, reason: notFound });
      continue;
    }
    try {
      return require(file) as Addon;
    } catch (error) {
      attempts.push({
        file: shown,
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }
  throw new NativeLoadError(attempts, existsSync(join(root, "native", "Makefile")));
}

/**
 * The capabilities of the machine that the native engine can use, for `resnet doctor`.
 *
 * @throws {NativeLoadError} if the native engine cannot be loaded
 * @throws {ResnetError} `ERR_ISA` if `RESNET_ISA` names an instruction set that is not supported here
 */
export const nativeCapabilities = (): NativeCapabilities =>
  withCodes(() => loadAddon().capabilities());

/**
 * Measures the machine's peaks, in less than a second that blocks this thread.
 *
 * @throws {NativeLoadError} if the native engine cannot be loaded
 */
export const measurePeak = (threads: number): NativePeak =>
  withCodes(() => loadAddon().peak(threads));

/** Runs `call`, and turns the engine's errors, which carry a code, into `ResnetError`s with a stack. */
export function withCodes<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw asResnetError(error);
  }
}

export function asResnetError(error: unknown): unknown {
  if (error instanceof ResnetError || !(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  if (typeof code !== "string" || !code.startsWith("ERR_")) return error;
  const Kind = code === "ERR_THREADS" ? UsageError : ResnetError;
  return new Kind(code, error.message, { cause: error });
}
