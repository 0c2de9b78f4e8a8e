import { loadavg } from "node:os";
import type { InstructionCost, Profile } from "../../report/profile.js";
import type { BenchRow } from "./bench-row.js";
import { Rival, type RivalCommand } from "./rivals.js";
import { type MachinePeak, type RooflineShare, rooflineOf } from "./format-bench.js";

/** The measurement of one rival on a row. */
export interface Measurement {
  readonly name: string;
  readonly milliseconds: Spread;
  readonly imagesPerSecond: number;
  readonly peakBytes: number;
}

export interface RowResult {
  readonly name: string;
  readonly ours: Measurement;
  /** The fastest configuration of the peer; null without a comparison. */
  readonly peer: Measurement | null;
  /** The peer's time over ours: above 1, we are faster. */
  readonly ratio: number | null;
  /** Null where the peaks are not known. */
  readonly roofline: RooflineShare | null;
  readonly profile: Profile;
  /** Load average of the last minute, before and after; above the number of threads in use the machine was busy. */
  readonly load: readonly [before: number, after: number];
}

interface CompareOptions {
  readonly rounds: number;
  /** The peer's configurations; the fastest in a short trial is measured. */
  readonly peers: readonly RivalCommand[];
  /** Null where they cannot be measured, as those of a GPU. */
  readonly peak: MachinePeak | null;
  /** Called with progress messages. */
  readonly say: (line: string) => void;
}

/** A turn has as many runs as fit this time, within these limits. */
const turnMs = 500;
const leastRuns = 2;
const mostRuns = 50;
const trialRuns = 2;

/** Measures a row: our process and the peer's take turns, round after round. */
export async function compareRow(
  row: BenchRow,
  ours: RivalCommand,
  { rounds, peers, peak, say }: CompareOptions,
): Promise<RowResult> {
  const before = loadavg()[0] ?? NaN;
  const best = await fastest(peers, say);
  const own = await Rival.start(ours);
  const all = best ? [own, best] : [own];
  try {
    const times = new Map<Rival, number[]>(all.map((rival) => [rival, []]));
    const peaks = new Map<Rival, number>();
    const runs = new Map<Rival, number>();
    for (const rival of all) runs.set(rival, runsPerTurn((await rival.run(1)).milliseconds[0]!));
    for (let round = 0; round < rounds; round++) {
      for (const rival of all) {
        const { milliseconds, peakBytes } = await rival.run(runs.get(rival)!);
        times.get(rival)!.push(...milliseconds);
        peaks.set(rival, peakBytes);
      }
    }
    const measured = all.map((rival): Measurement => {
      const milliseconds = spreadOf(times.get(rival)!);
      const imagesPerSecond = (1000 * row.batch) / milliseconds.median;
      return { name: rival.name, milliseconds, imagesPerSecond, peakBytes: peaks.get(rival)! };
    });
    const [mine, peer = null] = measured;
    const { profile, cost } = await own.ask<{ profile: Profile; cost: InstructionCost }>(
      `profile ${runs.get(own)!}`,
    );
    return {
      name: row.name,
      ours: mine!,
      peer,
      ratio: peer && peer.milliseconds.median / mine!.milliseconds.median,
      roofline: peak && rooflineOf(cost, mine!.milliseconds.median, peak),
      profile,
      load: [before, loadavg()[0] ?? NaN],
    };
  } finally {
    await Promise.all(all.map((rival) => rival.close()));
  }
}

const runsPerTurn = (milliseconds: number): number =>
  Math.max(leastRuns, Math.min(mostRuns, Math.round(turnMs / milliseconds)));

/** Runs each configuration briefly, and keeps the fastest one running. */
async function fastest(
  ways: readonly RivalCommand[],
  say: CompareOptions["say"],
): Promise<Rival | undefined> {
  let best: { readonly rival: Rival; readonly milliseconds: number } | undefined;
  for (const way of ways) {
    const rival = await Rival.start(way);
    const milliseconds = Math.min(...(await rival.run(trialRuns)).milliseconds);
    say(`  tried ${way.name}: ${milliseconds.toFixed(1)} ms`);
    const loses = best && best.milliseconds <= milliseconds;
    await (loses ? rival : best?.rival)?.close();
    if (!loses) best = { rival, milliseconds };
  }
  return best?.rival;
}

/** Median and range of measurements. */
interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? NaN;
  const low = sorted.length % 2 === 1 ? high : (sorted[middle - 1] ?? NaN);
  return {
    median: (low + high) / 2,
    min: sorted[0] ?? NaN,
    max: sorted.at(-1) ?? NaN,
    count: sorted.length,
  };
}
