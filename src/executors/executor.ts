import type { Program } from "../program/program.js";
import type { ExecutorTraits } from "../program/traits.js";
import type { HostArray } from "../tensor/host-array.js";
import type { TensorSpec } from "../tensor/shape.js";

/** Values for a run: an array for each input of the program, and plain numbers for its registers. */
export type RunInputs = Readonly<Record<string, HostArray | number>>;

/** The outputs of a run, copied to the host. */
export type RunOutputs = Readonly<Record<string, HostArray>>;

/**
 * Runs programs, and keeps the state they share.
 *
 * Programs loaded into one executor see the same state by name, so the step for a full batch, the step
 * for an epoch's smaller last batch and the evaluation all use one set of parameters. `scopeOf` gives each of several
 * models a name space of its own.
 *
 * Calls never overlap: each waits for those made before it, in the order of the calls, so that a read sees what the runs
 * before it wrote. Arrays that are given may be changed as soon as the call returns its promise.
 *
 * Every executor rejects with the same codes, and then nothing has changed: `ERR_PROGRAM` (a program that does not verify),
 * `ERR_STATE` (unknown name, other shape or dtype), `ERR_INPUT` (input missing, unknown or of another shape or dtype),
 * `ERR_INDEX` (a row index or label out of range, found while running; the instructions before it may have run), `ERR_MEMORY`,
 * `ERR_CLOSED`. `ERR_DEVICE`: the device that computes was lost or reports an error; all later calls reject with it.
 */
export interface Executor {
  /** The name it is registered under, such as `native`. */
  readonly name: string;
  /** A description for people: `native, avx512, 2 threads`. */
  readonly description: string;
  readonly traits: ExecutorTraits;
  /** Prepares a program. States that it names and that do not exist yet are created, zero-filled. */
  load(program: Program): Promise<LoadedProgram>;
  /** Copies `value` into the state `name`, creating it if it does not exist. */
  write(name: string, value: HostArray): Promise<void>;
  /** A copy of the state `name`. */
  read(name: string): Promise<HostArray>;
  /** Frees the state `name`. `ERR_STATE` if a loaded program uses it. */
  remove(name: string): Promise<void>;
  /** Every state that the calls so far have made, in order of creation. Does not wait. */
  states(): ReadonlyMap<string, TensorSpec>;
  /** Frees everything. A run in progress or in the queue is given up and rejects with `ERR_CLOSED`, as do later calls. */
  close(): Promise<void>;
}

export interface LoadedProgram {
  readonly program: Program;
  /** Runs the program once. */
  run(inputs?: RunInputs): Promise<RunOutputs>;
  /** Nanoseconds that each instruction took in the last run, in order. */
  nanoseconds(): Promise<Float64Array>;
  /** Frees the program and not its states. Later calls reject with `ERR_CLOSED`. */
  close(): Promise<void>;
}
