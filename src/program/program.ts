import type { Attrs } from "../tensor/attrs.js";
import type { DType, Shape } from "../tensor/shape.js";

/** Index of a buffer in `Program.buffers`. */
export type BufferId = number;

/**
 * A region of memory that instructions read and write.
 *
 * - `arena`: cut from the program's arena at `offset` bytes (a multiple of the executor's alignment); lives within one run.
 * - `state`: kept by the executor under `name` between runs and shared by all programs that name it:
 *   parameters, running statistics, optimiser moments, data sets.
 * - `input`: given with every run. An input of shape `[]` is a register: a scalar such as the learning
 *   rate, passed as a plain number.
 */
export type BufferSpec = { readonly shape: Shape; readonly dtype: DType } & (
  | { readonly place: "arena"; readonly offset: number }
  | { readonly place: "state"; readonly name: string }
  | { readonly place: "input"; readonly name: string }
);

/** One kernel call. Operands are keyed by the op's own names; optional operands that are absent have no key. */
export interface Instruction {
  readonly op: string;
  readonly inputs: Readonly<Record<string, BufferId>>;
  /** An output may be the same memory as an input only where the op's `inPlace` allows it. */
  readonly outputs: Readonly<Record<string, BufferId>>;
  readonly attrs: Attrs;
  /** Path of the module that made it, `layer2.0.conv1`; empty outside every module. */
  readonly module: string;
}

/** The result of the planner, which executors run: a flat list of kernel calls on buffers at fixed places. Plain data. */
export interface Program {
  readonly name: string;
  /** Bytes of the arena; every arena buffer lies within. */
  readonly arenaBytes: number;
  readonly buffers: readonly BufferSpec[];
  readonly instructions: readonly Instruction[];
  /** Buffers that are copied out to the host after each run. */
  readonly outputs: Readonly<Record<string, BufferId>>;
}
