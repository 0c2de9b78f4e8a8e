import type { Values } from "../../graph/define-op.js";
import { opsByName } from "../../ops/registry.js";
import type { BufferSpec, Instruction, Program } from "../../program/program.js";
import { verifyProgram } from "../../program/verify.js";
import { ResnetError } from "../../tensor/error.js";
import { decodeBf16, encodeBf16 } from "../../tensor/bf16.js";
import { allocate, elementArrays, type HostArray } from "../../tensor/host-array.js";
import { sizeOf, type TensorSpec } from "../../tensor/shape.js";
import type { Executor, LoadedProgram, RunOutputs } from "../executor.js";
import { RunQueue } from "../run-queue.js";
import { checkHostArray, checkInputs } from "./check-inputs.js";
import { checkInstructions } from "./check-instructions.js";
import { StateStore } from "./state-store.js";

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
  private readonly runs = new RunQueue();
  private closed = false;

  load(program: Program): LoadedProgram {
    this.checkOpen();
    verifyProgram(program);
    checkInstructions(program);
    const memory = this.allocateAll(program);
    const times = new Float64Array(program.instructions.length);
    return {
      program,
      run: async (inputs = {}) => {
        this.checkOpen();
        const given = checkInputs(program, inputs); // copies: the caller may reuse its arrays at once
        return this.runs.add(() => run(program, memory, times, given));
      },
      nanoseconds: () => times.slice(),
    };
  }

  write(name: string, value: HostArray): void {
    this.checkOpen();
    this.runs.requireIdle(`the state "${name}" is written`);
    checkHostArray(`the state "${name}"`, value, "ERR_STATE");
    this.state.ensure(name, value).data.set(value.data);
  }

  read(name: string): HostArray {
    this.checkOpen();
    this.runs.requireIdle(`the state "${name}" is read`);
    const { shape, dtype, data } = this.state.get(name);
    return { shape, dtype, data: data.slice() };
  }

  states(): ReadonlyMap<string, TensorSpec> {
    this.checkOpen();
    return this.state.specs();
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.runs.idle();
    this.state.clear();
  }

  /** @throws {ResnetError} `ERR_MEMORY` */
  private allocateAll({ name, arenaBytes, buffers }: Program): HostArray[] {
    try {
      const arena = new ArrayBuffer(arenaBytes);
      return buffers.map((buffer) => this.allocate(buffer, arena));
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new ResnetError("ERR_MEMORY", `there is no memory for the program ${name}`, { cause });
    }
  }

  private allocate(buffer: BufferSpec, arena: ArrayBuffer): HostArray {
    if (buffer.place === "state") return this.state.ensure(buffer.name, buffer);
    const { shape, dtype } = buffer;
    if (buffer.place === "input") return { shape, dtype, data: allocate(dtype, sizeOf(shape)) };
    return { shape, dtype, data: new elementArrays[dtype](arena, buffer.offset, sizeOf(shape)) };
  }

  private checkOpen(): void {
    if (this.closed) throw new ResnetError("ERR_CLOSED", "the executor is closed");
  }
}

async function run(
  program: Program,
  memory: readonly HostArray[],
  times: Float64Array,
  inputs: ReadonlyMap<string, HostArray>,
): Promise<RunOutputs> {
  program.buffers.forEach((buffer, id) => {
    if (buffer.place === "input") memory[id]!.data.set(inputs.get(buffer.name)!.data);
  });
  for (const [i, { op, inputs: from, outputs: to, attrs }] of program.instructions.entries()) {
    const start = performance.now();
    execute(op, attrs, memory, from, to);
    times[i] = 1e6 * (performance.now() - start);
    await new Promise((resolve) => setImmediate(resolve)); // lets timers, signals and servers have their turn
  }
  return Object.fromEntries(
    Object.entries(program.outputs).map(([name, id]) => {
      const { shape, dtype } = program.buffers[id]!;
      return [name, { shape, dtype, data: memory[id]!.data.slice() } as HostArray];
    }),
  );
}

type Ids = Instruction["inputs"];

/** One instruction. bf16 operands are float32 while its rule runs; results are rounded once, at its end. */
function execute(
  op: string,
  attrs: Instruction["attrs"],
  memory: readonly HostArray[],
  from: Ids,
  to: Ids,
): void {
  const map = (ids: Ids, toValues: (array: HostArray) => Values): Record<string, Values> =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, toValues(memory[id]!)]));
  const inputs = map(from, widen);
  const results = map(to, ({ shape, dtype, data }) =>
    data instanceof Uint16Array
      ? { shape, dtype, data: new Float32Array(data.length) }
      : { shape, dtype, data },
  );
  opsByName.get(op)!.reference(inputs, results, attrs);
  for (const [name, id] of Object.entries(to)) {
    const { data } = memory[id]!;
    if (data instanceof Uint16Array) encodeBf16(results[name]!.data, data);
  }
}

/** The values of an array as reference rules take them. */
export const widen = (array: HostArray): Values => {
  const { shape, dtype, data } = array;
  return data instanceof Uint16Array
    ? { shape, dtype, data: decodeBf16(data) }
    : { shape, dtype, data };
};
