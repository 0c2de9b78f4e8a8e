import type { Values } from "../../graph/define-op.js";
import { opsByName } from "../../ops/registry.js";
import type { BufferSpec, Program } from "../../program/program.js";
import { verifyProgram } from "../../program/verify.js";
import { ResnetError } from "../../tensor/error.js";
import { allocate, elementArrays, type HostArray } from "../../tensor/host-array.js";
import { sizeOf, type TensorSpec } from "../../tensor/shape.js";
import type { Executor, LoadedProgram, RunOutputs } from "../executor.js";
import { checkHostArray, checkInputs, StateStore } from "../store.js";
import { checkInstructions } from "./check-instructions.js";

/**
 * Runs programs with the ops' own reference rules: plain loops on one thread, the meaning of every fast kernel.
 *
 * Slow, and needs nothing: it is what a machine without the native engine trains on, and what the fast executors
 * are tested against.
 */
export class ReferenceExecutor implements Executor {
  readonly name = "reference";
  readonly description = "reference, plain TypeScript, 1 thread";
  private readonly state = new StateStore();
  private queue: Promise<unknown> = Promise.resolve();
  private closed = false;

  load(program: Program): LoadedProgram {
    this.checkOpen();
    verifyProgram(program);
    checkInstructions(program);
    const values = this.allocateAll(program);
    const times = new Float64Array(program.instructions.length);
    return {
      program,
      run: async (inputs = {}) => {
        this.checkOpen();
        const given = checkInputs(program, inputs); // copies: the caller may reuse its arrays at once
        const done = this.queue.then(() => run(program, values, times, given));
        this.queue = done.catch(() => undefined);
        return done;
      },
      nanoseconds: () => times.slice(),
    };
  }

  write(name: string, value: HostArray): void {
    this.checkOpen();
    checkHostArray(`the state "${name}"`, value, "ERR_STATE");
    this.state.ensure(name, value).data.set(value.data);
  }

  read(name: string): HostArray {
    this.checkOpen();
    const { shape, dtype, data } = this.state.get(name);
    return { shape, dtype, data: data.slice() };
  }

  states(): ReadonlyMap<string, TensorSpec> {
    this.checkOpen();
    return this.state.specs();
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.queue;
    this.state.clear();
  }

  /** @throws {ResnetError} `ERR_MEMORY` */
  private allocateAll({ name, arenaBytes, buffers }: Program): Values[] {
    try {
      const arena = new ArrayBuffer(arenaBytes);
      return buffers.map((buffer) => this.allocate(buffer, arena));
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new ResnetError("ERR_MEMORY", `there is no memory for the program ${name}`, { cause });
    }
  }

  private allocate(buffer: BufferSpec, arena: ArrayBuffer): Values {
    if (buffer.place === "state") return this.state.ensure(buffer.name, buffer);
    const { shape, dtype } = buffer;
    if (buffer.place === "input") return { shape, data: allocate(dtype, sizeOf(shape)) };
    return { shape, data: new elementArrays[dtype](arena, buffer.offset, sizeOf(shape)) };
  }

  private checkOpen(): void {
    if (this.closed) throw new ResnetError("ERR_CLOSED", "the executor is closed");
  }
}

async function run(
  program: Program,
  values: readonly Values[],
  times: Float64Array,
  inputs: ReadonlyMap<string, HostArray>,
): Promise<RunOutputs> {
  program.buffers.forEach((buffer, id) => {
    if (buffer.place === "input") values[id]!.data.set(inputs.get(buffer.name)!.data);
  });
  const pick = (ids: Readonly<Record<string, number>>): Record<string, Values> =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, values[id]!]));
  for (const [i, { op, inputs: from, outputs: to, attrs }] of program.instructions.entries()) {
    const start = performance.now();
    opsByName.get(op)!.reference(pick(from), pick(to), attrs);
    times[i] = 1e6 * (performance.now() - start);
    await new Promise((resolve) => setImmediate(resolve)); // lets timers, signals and servers have their turn
  }
  return Object.fromEntries(
    Object.entries(program.outputs).map(([name, id]) => {
      const { shape, dtype } = program.buffers[id]!;
      return [name, { shape, dtype, data: values[id]!.data.slice() } as HostArray];
    }),
  );
}
