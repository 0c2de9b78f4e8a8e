import type { InstructionCost } from "../../report/profile.js";
import type { Measurement, RowResult } from "./compare-row.js";

/** The machine of a measurement. */
export interface Machine {
  /** The processor, or the GPU. */
  readonly processor: string;
  /** What runs the rows. */
  readonly executor: "native" | "webgpu";
  /** The instruction set and threads of the native executor. */
  readonly isa?: string;
  readonly threads?: number;
  readonly platform: string;
  readonly node: string;
  readonly version: string;
  readonly precision: string;
  /** `2026-11-22`. */
  readonly date: string;
  /** Null of a GPU, whose peaks are not measured. */
  readonly peak: MachinePeak | null;
}

export function formatMachine(machine: Machine): string {
  const { processor, threads, isa, precision, version, node, platform, date, peak } = machine;
  const parts = isa ? [`${threads} ${threads === 1 ? "thread" : "threads"}`, isa] : ["WebGPU"];
  const line = [processor, ...parts, precision, `resnet-ts ${version}`, `Node ${node}`];
  const first = [...line, platform, date].join(", ");
  if (!peak) return first;
  return (
    `${first}\npeak: ${(peak.flopsPerSecond / 1e9).toFixed(0)} GFLOP/s in registers, ` +
    `${(peak.bytesPerSecond / 1e9).toFixed(1)} GB/s in memory`
  );
}

/** Formats a row: a line for each rival, then the ratio and the roofline. */
export function formatRow({ name, ours, peer, ratio, roofline, load }: RowResult): string {
  const rivals = peer ? [ours, peer] : [ours];
  const loads = load.map((value) => value.toFixed(1)).join(" to ");
  return [
    `${name}   (load ${loads})`,
    ...rivals.map((rival) => `  ${formatMeasurement(rival)}`),
    ...(ratio === null ? [] : [`  ratio ${ratio.toFixed(2)}x`]),
    ...(roofline ? [formatRoofline(roofline)] : []),
  ].join("\n");
}

const formatRoofline = ({ fraction, bound, flops, bytes }: RooflineShare): string =>
  `  roofline ${(100 * fraction).toFixed(0)} %, bound by ${bound}: ${(flops / 1e9).toFixed(2)} GFLOP, ${(bytes / 1e9).toFixed(2)} GB`;

function formatMeasurement(measurement: Measurement): string {
  const { name, milliseconds, imagesPerSecond, peakBytes } = measurement;
  const { median, min, max, count } = milliseconds;
  const digits = median < 20 ? 2 : 0;
  const range = `${min.toFixed(digits)} to ${max.toFixed(digits)}`;
  return (
    `${name.padEnd(26)} ${median.toFixed(digits).padStart(7)} ms (${range}; n = ${count})   ` +
    `${imagesPerSecond.toFixed(0).padStart(6)} images/s   ${(peakBytes / 2 ** 20).toFixed(0)} MiB at most`
  );
}

/** The machine's measured peaks: multiply-adds in registers, and a triad over memory. */
export interface MachinePeak {
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
}

export interface RooflineShare extends InstructionCost {
  /** The lower of the two roofs: arithmetic or memory. */
  readonly bound: "flops" | "bytes";
  /**
   * The least time that the roofs allow, divided by the measured time. 1 is the speed limit for the products of
   * direct convolutions with all operands from memory; Winograd's products and caches can exceed it.
   */
  readonly fraction: number;
}

/**
 * The fraction of the roofline that a run reached: the larger of flops over peak FLOP/s and bytes over peak
 * bandwidth, over the measured time. Bytes count every operand of every instruction once, as if no cache held
 * anything from one instruction to the next.
 *
 * Source: Williams, Waterman and Patterson 2009, "Roofline".
 */
export function rooflineOf(
  { flops, bytes }: InstructionCost,
  milliseconds: number,
  { flopsPerSecond, bytesPerSecond }: MachinePeak,
): RooflineShare {
  const arithmetic = (1000 * flops) / flopsPerSecond;
  const memory = (1000 * bytes) / bytesPerSecond;
  return {
    flops,
    bytes,
    bound: arithmetic >= memory ? "flops" : "bytes",
    fraction: Math.max(arithmetic, memory) / milliseconds,
  };
}
