import { loadavg } from "node:os";
import type { InstructionCost, Profile } from "../../report/profile.js";
import type { BenchRow } from "./bench-row.js";
import { Rival, type RivalCommand } from "./rival.js";
import { rooflineOf, type MachinePeak, type RooflineShare } from "./roofline.js";
import { spreadOf, type Spread } from "./spread.js";

/** How one rival did on a row. */
export interface Measurement {
  readonly name: string;
  readonly milliseconds: Spread;
  readonly imagesPerSecond: number;
  readonly peakBytes: number;
}

export interface RowResult {
  readonly name: string;
  readonly ours: Measurement;
  /** The fastest of the peer's ways, or null where nobody was compared with. */
  readonly peer: Measurement | null;
  /** The peer's time over ours: above 1, we are faster. */
  readonly ratio: number | null;
  readonly roofline: RooflineShare;
  readonly profile: Profile;
  /** Load average of the last minute, before and after; more than the threads in use means a busy machine. */
  readonly load: readonly [before: number, after: number];
}

export interface CompareOptions {
  readonly rounds: number;
  /** Every way the peer can be run; the fastest in a short trial takes part. */
  readonly peers: readonly RivalCommand[];
  readonly peak: MachinePeak;
  /** Told what is going on. */
  readonly say: (line: string) => void;
}

/** A turn is as many runs as fit this time, but between the two numbers. */
const turnMs = 500;
const leastRuns = 2;
const mostRuns = 50;
const trialRuns = 2;

/** Measures a row: us and the peer in turn, round after round, each in a process of its own. */
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
      roofline: rooflineOf(cost, mine!.milliseconds.median, peak),
      profile,
      load: [before, loadavg()[0] ?? NaN],
    };
  } finally {
    await Promise.all(all.map((rival) => rival.close()));
  }
}

const runsPerTurn = (milliseconds: number): number =>
  Math.max(leastRuns, Math.min(mostRuns, Math.round(turnMs / milliseconds)));

/** Tries each way alone, shortly, and keeps the fastest running. */
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
