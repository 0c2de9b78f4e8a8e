import type { Measurement, RowResult } from "./compare-row.js";
import type { MachinePeak } from "./roofline.js";

/** What the numbers were measured on. */
export interface Machine {
  readonly processor: string;
  readonly isa: string;
  readonly threads: number;
  readonly platform: string;
  readonly node: string;
  readonly version: string;
  readonly precision: string;
  /** `2026-11-22`. */
  readonly date: string;
  readonly peak: MachinePeak;
}

export const formatMachine = (machine: Machine): string =>
  `${machine.processor}, ${machine.threads} ${machine.threads === 1 ? "thread" : "threads"}, ${machine.isa}, ${machine.precision}, ` +
  `resnet-ts ${machine.version}, Node ${machine.node}, ${machine.platform}, ${machine.date}\n` +
  `peak: ${(machine.peak.flopsPerSecond / 1e9).toFixed(0)} GFLOP/s in registers, ` +
  `${(machine.peak.bytesPerSecond / 1e9).toFixed(1)} GB/s in memory`;

/** One row for people: a line for each rival, then the ratio and the roofline. */
export function formatRow({ name, ours, peer, ratio, roofline, load }: RowResult): string {
  const rivals = peer ? [ours, peer] : [ours];
  const { share, bound, flops, bytes } = roofline;
  const loads = load.map((value) => value.toFixed(1)).join(" to ");
  return [
    `${name}   (load ${loads})`,
    ...rivals.map((rival) => `  ${formatMeasurement(rival)}`),
    ...(ratio === null ? [] : [`  ratio ${ratio.toFixed(2)}x`]),
    `  roofline ${(100 * share).toFixed(0)} %, bound by ${bound}: ${(flops / 1e9).toFixed(2)} GFLOP, ${(bytes / 1e9).toFixed(2)} GB`,
  ].join("\n");
}

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
