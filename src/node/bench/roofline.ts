import type { InstructionCost } from "../../report/profile.js";

/** What the machine can do at most, measured: multiply-adds in registers, and a triad over memory. */
export interface MachinePeak {
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
}

export interface RooflineShare extends InstructionCost {
  /** Which of the two roofs is lower: arithmetic or memory. */
  readonly bound: "flops" | "bytes";
  /**
   * The time that the roofs allow, over the time it took. 1 is as fast as all products of direct
   * convolutions and all operands from memory can be; Winograd's products and caches can be faster.
   */
  readonly share: number;
}

/**
 * The share of the roofline that a run reached: the larger of flops over peak FLOP/s and bytes over peak
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
    share: Math.max(arithmetic, memory) / milliseconds,
  };
}
