import type { Program } from "../program/program.js";
import type { HostArray } from "../tensor/host-array.js";
import type { TensorSpec } from "../tensor/shape.js";

/** What a run takes: an array per input of the program, and plain numbers for its registers. */
export type RunInputs = Readonly<Record<string, HostArray | number>>;

/** What a run gives back: the program's outputs, copied to the host. */
export type RunOutputs = Readonly<Record<string, HostArray>>;

/**
 * Runs programs, and keeps the state they share.
 *
 * Programs loaded into one executor see the same state by name, so the step for a full batch, the step
 * for an epoch's smaller last batch and the evaluation all use one set of parameters. Every executor
 * throws errors with the same codes: `ERR_PROGRAM` (a program that does not verify), `ERR_STATE`
 * (unknown name, other shape or dtype), `ERR_INPUT` (input missing, unknown or of another shape or dtype),
 * `ERR_INDEX` (a row index or label out of range, found while running), `ERR_BUSY` (state touched during a run), `ERR_CLOSED`.
 */
export interface Executor {
  readonly name: "native" | "reference";
  /** What is running, for people: `native, avx512, 2 threads`. */
  readonly description: string;
  /** Prepares a program; state it names that does not exist yet is created, zero-filled. */
  load(program: Program): LoadedProgram;
  /** Copies `value` into the state `name`, creating it if it does not exist. `ERR_BUSY` while a program runs or waits to. */
  write(name: string, value: HostArray): void;
  /** A copy of the state `name`. `ERR_BUSY` while a program runs or waits to. */
  read(name: string): HostArray;
  /** Every state, in order of creation. */
  states(): ReadonlyMap<string, TensorSpec>;
  /** Frees everything; later calls throw `ERR_CLOSED`. A run in progress ends first. */
  close(): Promise<void>;
}

export interface LoadedProgram {
  readonly program: Program;
  /** Runs the program once. Runs of one executor never overlap; they queue in the order of the calls. */
  run(inputs?: RunInputs): Promise<RunOutputs>;
  /** Nanoseconds that each instruction took in the last run, in order; `ERR_INPUT` during a run. */
  nanoseconds(): Float64Array;
}
