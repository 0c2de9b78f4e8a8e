import type { Program } from "../program/program.js";
import type { ExecutorTraits } from "../program/traits.js";
import { verifyProgram } from "../program/verify.js";
import { ResnetError } from "../tensor/error.js";
import type { HostArray } from "../tensor/host-array.js";
import { describeSpec, sameShape, type TensorSpec } from "../tensor/shape.js";
import type { Executor, LoadedProgram, RunInputs, RunOutputs } from "./executor.js";

/** A program inside an engine. */
export interface EngineProgram {
  /** Takes what it needs of the inputs before it returns its promise. */
  run(inputs: RunInputs): Promise<RunOutputs>;
  nanoseconds(): Float64Array | Promise<Float64Array>;
  close(): void;
}

/**
 * The part of an executor that computes. `QueuedExecutor` sees to it that calls never overlap, that programs verify, and
 * that states exist and have the right shape and dtype.
 */
export interface Engine {
  /** Prepares a program and creates the states that are missing, zero-filled; if it throws, nothing has changed. */
  load(program: Program): EngineProgram | Promise<EngineProgram>;
  /** Takes the value before it returns. */
  write(name: string, value: HostArray): void | Promise<void>;
  read(name: string): HostArray | Promise<HostArray>;
  remove(name: string): void;
  /** Makes the run in progress end soon, if there is one; its result does not count. */
  cancel(): void;
  close(): void;
}

/** Keeps the promises of `Executor` that are alike for all engines: order, verification, states, closing. */
export class QueuedExecutor implements Executor {
  private isClosed = false;
  private pending = 0;
  private last: Promise<unknown> = Promise.resolve();
  private readonly specs = new Map<string, TensorSpec>();
  private readonly loaded = new Set<LoadedProgram>();

  constructor(
    readonly name: string,
    readonly description: string,
    readonly traits: ExecutorTraits,
    private readonly engine: Engine,
  ) {}

  load(program: Program): Promise<LoadedProgram> {
    return this.enqueue(async () => {
      verifyProgram(program, this.traits);
      const states = statesOf(program);
      for (const [name, spec] of states) this.requireSame(name, spec);
      const loaded = this.handleOf(program, await this.engine.load(program));
      for (const [name, { shape, dtype }] of states)
        if (!this.specs.has(name)) this.specs.set(name, { shape, dtype });
      this.loaded.add(loaded);
      return loaded;
    });
  }

  write(name: string, value: HostArray): Promise<void> {
    const own = this.pending > 0 ? copied(value) : value;
    return this.enqueue(async () => {
      this.requireSame(name, own);
      await this.engine.write(name, own);
      if (!this.specs.has(name)) this.specs.set(name, { shape: own.shape, dtype: own.dtype });
    });
  }

  read(name: string): Promise<HostArray> {
    return this.enqueue(() => {
      this.requireState(name);
      return this.engine.read(name);
    });
  }

  remove(name: string): Promise<void> {
    return this.enqueue(() => {
      this.requireState(name);
      const user = [...this.loaded].find(({ program }) => statesOf(program).has(name));
      if (user) {
        const finding = `the program ${user.program.name} uses the state "${name}"`;
        throw new ResnetError("ERR_STATE", `${finding}: close the program before`);
      }
      this.engine.remove(name);
      this.specs.delete(name);
    });
  }

  states(): ReadonlyMap<string, TensorSpec> {
    if (this.isClosed) throw closedError("the executor is closed");
    return new Map(this.specs);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    if (this.pending > 0) this.engine.cancel();
    await this.last;
    this.engine.close();
  }

  private handleOf(program: Program, loaded: EngineProgram): LoadedProgram {
    let isOpen = true;
    const whileOpen = <T>(call: () => T | Promise<T>): Promise<T> =>
      this.enqueue(() => {
        if (!isOpen) throw closedError(`the program ${program.name} is closed`);
        return call();
      });
    const handle: LoadedProgram = {
      program,
      run: (inputs = {}) => {
        const own = this.pending > 0 ? snapshot(inputs) : inputs;
        return whileOpen(() => loaded.run(own));
      },
      nanoseconds: () => whileOpen(() => loaded.nanoseconds()),
      close: () =>
        this.enqueue(() => {
          if (!isOpen) return;
          isOpen = false;
          this.loaded.delete(handle);
          loaded.close();
        }),
    };
    return handle;
  }

  /** Makes a call after those before it: at once if there are none. */
  private enqueue<T>(call: () => T | Promise<T>): Promise<T> {
    const guarded = async (): Promise<T> => {
      if (this.isClosed) throw closedError("the executor is closed");
      let result: T;
      try {
        result = await call();
      } catch (error) {
        throw this.isClosed ? closedError("the executor was closed during the call", error) : error;
      }
      if (this.isClosed) throw closedError("the executor was closed during the call");
      return result;
    };
    const result = this.pending > 0 ? this.last.then(guarded) : guarded();
    this.pending++;
    this.last = result.then(
      () => this.pending--,
      () => this.pending--,
    );
    return result;
  }

  private requireState(name: string): void {
    if (this.specs.has(name)) return;
    const finding = `there is no state named ${JSON.stringify(name)}`;
    throw new ResnetError(
      "ERR_STATE",
      `${finding}: states come from loaded programs and from write`,
    );
  }

  /** Refuses another shape or dtype for a state that exists. */
  private requireSame(name: string, spec: TensorSpec): void {
    const found = this.specs.get(name);
    if (!found || (sameShape(found.shape, spec.shape) && found.dtype === spec.dtype)) return;
    const finding = `the state "${name}" is ${describeSpec(found)}, not ${describeSpec(spec)}`;
    throw new ResnetError("ERR_STATE", finding);
  }
}

const closedError = (message: string, cause?: unknown): ResnetError =>
  new ResnetError("ERR_CLOSED", message, { cause });

const statesOf = ({ buffers }: Program): ReadonlyMap<string, TensorSpec> =>
  new Map(
    buffers.flatMap((buffer) => (buffer.place === "state" ? [[buffer.name, buffer] as const] : [])),
  );

/** The array with the values that it has now. */
const copied = (value: HostArray): HostArray =>
  ArrayBuffer.isView((value as Partial<HostArray> | undefined)?.data)
    ? ({ ...value, data: value.data.slice() } as HostArray)
    : value;

const snapshot = (inputs: RunInputs): RunInputs =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      name,
      typeof value === "number" ? value : copied(value),
    ]),
  );
