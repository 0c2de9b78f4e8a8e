import type { Attrs } from "../../src/tensor/attrs.js";
import type { HostArray } from "../../src/tensor/host-array.js";
import { randomKey } from "../../src/tensor/random.js";

/** One instruction on fresh random operands. */
export interface ConformanceCase {
  readonly op: string;
  readonly name: string;
  readonly attrs: Attrs;
  /** Operands, drawn when the case runs. */
  readonly inputs: () => Readonly<Record<string, HostArray>>;
  /** Results to ask for. */
  readonly outputs: readonly string[];
  /**
   * Allowed difference from the reference, which sums in float64, as a share of the largest magnitude
   * of each result; a reason stands where it is set.
   */
  readonly rtol: number;
  /** The same in absolute terms, where a result may be nothing but rounding. Default 0. */
  readonly atol?: number;
}

/** A number for the case of that name, so that no two cases draw the same operands. */
export const seedOf = (name: string): number => randomKey(1, name)[0];

/** `[H, W]`, batch and channels, awkward on purpose: no multiple of any vector or tile, and 1. */
export const images = [
  { h: 1, w: 1, n: 3, c: 1 },
  { h: 3, w: 2, n: 1, c: 3 },
  { h: 5, w: 4, n: 17, c: 10 },
  { h: 2, w: 3, n: 33, c: 65 },
  { h: 4, w: 1, n: 3, c: 130 },
] as const;
