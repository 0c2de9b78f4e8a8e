import type { DType } from "../tensor/shape.js";

/** The fusions of the planner; `planner/fuse.ts` says what each does. */
export const fusions = [
  "statistics",
  "activation",
  "activationGrad",
  "gradientSum",
  "foldBatchNorm",
  "elementwise",
] as const;

export type Fusion = (typeof fusions)[number];

/** The limits and abilities of an executor. The planner plans for them, and `load` refuses programs beyond them. */
export interface ExecutorTraits {
  /** Every buffer of the arena begins at a multiple of this, in bytes. */
  readonly alignment: number;
  /** Bytes of the largest buffer that one instruction can read or write. */
  readonly maxBindingBytes: number;
  /** Bytes of the largest allocation, a multiple of the alignment. A larger arena is cut at multiples of it. */
  readonly maxBufferBytes: number;
  readonly dtypes: readonly DType[];
  readonly fuses: readonly Fusion[];
  /** Whether programs in bf16 run faster than the same in fp32. */
  readonly isBf16Fast: boolean;
}

/** Traits of an executor that computes in the memory of the host. */
export const hostTraits: ExecutorTraits = {
  alignment: 64, // a cache line, and the widest vector
  maxBindingBytes: Infinity,
  maxBufferBytes: Infinity,
  dtypes: ["f32", "bf16", "i32", "u8"],
  fuses: fusions,
  isBf16Fast: false,
};
