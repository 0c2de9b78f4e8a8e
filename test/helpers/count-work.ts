/** Counts the work of code instead of its time, so that a bound on it holds on any machine. */
import { Session, type Profiler } from "node:inspector";

type Cost = readonly [
  owner: object,
  name: string,
  cost: (self: never, args: never[], result: never) => number,
];

/** Built-ins whose work grows with their operands, and that work: bytes, characters, or entries that may be visited. */
const costs: readonly Cost[] = [
  [TextDecoder.prototype, "decode", (_self, [bytes]: { length: number }[]) => bytes?.length ?? 0],
  [TextEncoder.prototype, "encode", (_self, [text]: string[]) => text?.length ?? 0],
  [String, "fromCharCode", (_self, args) => args.length],
  [JSON, "stringify", (_self, _args, result: string) => result.length],
  [JSON, "parse", (_self, [text]: string[]) => text!.length],
  [Uint8Array.prototype, "slice", (_self, _args, result: Uint8Array) => result.length],
  [Uint8Array.prototype, "set", (_self, [bytes]: Uint8Array[]) => bytes!.length],
  [Uint8Array.prototype, "reverse", (self: Uint8Array) => self.length],
  [
    Uint8Array.prototype,
    "indexOf",
    (self: Uint8Array, _args, at: number) => (at < 0 ? self.length : at),
  ],
  [Array.prototype, "splice", (_self, _args, removed: unknown[]) => removed.length],
  ...["get", "has", "set"].map((name): Cost => [Map.prototype, name, lookup]),
];

/** Keys that V8 hashes by their value alone may all collide, so that each lookup visits each entry. */
function lookup(map: Map<unknown, unknown>, [key]: unknown[]): number {
  if (typeof key === "number" || typeof key === "bigint") return map.size;
  if (typeof key !== "string") return 1;
  return /^\d{1,16}$/.test(key) ? map.size : key.length;
}

export interface Work {
  /** Blocks of JavaScript that were run in the sources, each time. */
  readonly blocks: number;
  /** Bytes, characters and entries that built-ins went through. */
  readonly builtins: number;
}

/**
 * What the code in `folders` of the sources, and the built-ins that it calls, do while `run` runs.
 *
 * Blocks are counted by V8's precise coverage: one for each call of a function and each turn of a loop.
 */
export async function countWork(folders: readonly string[], run: () => unknown): Promise<Work> {
  takeBlocks(folders); // of earlier runs
  let builtins = 0;
  const restore = costs.map(([owner, name, cost]) => {
    const functions = owner as Record<string, (...args: never[]) => never>;
    const original = functions[name]!;
    functions[name] = function (this: never, ...args: never[]) {
      const result = original.apply(this, args);
      builtins += cost(this, args, result);
      return result;
    };
    return () => (functions[name] = original);
  });
  try {
    await run();
  } finally {
    for (const each of restore) each();
  }
  return { blocks: takeBlocks(folders), builtins };
}

let session: Session | undefined;

/** Blocks that were run since the last call. The first call begins to count. */
function takeBlocks(folders: readonly string[]): number {
  if (!session) {
    session = new Session();
    session.connect();
    session.post("Profiler.enable");
    session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }
  let blocks = 0;
  session.post("Profiler.takePreciseCoverage", (_error, { result }) => {
    blocks = result
      .filter(({ url }) => folders.some((folder) => url.includes(folder)))
      .reduce(countOf, 0);
  });
  return blocks;
}

const countOf = (sum: number, { functions }: Profiler.ScriptCoverage): number =>
  functions.reduce(
    (total, { ranges }) => ranges.reduce((inner, { count }) => inner + count, total),
    sum,
  );
