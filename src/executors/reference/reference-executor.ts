import type { Values } from "../../graph/define-op.js";
import { opsByName } from "../../ops/registry.js";
import type { BufferSpec, Program } from "../../program/program.js";
import { verifyProgram } from "../../program/verify.js";
import { ResnetError } from "../../tensor/error.js";
import type { HostArray } from "../../tensor/host-array.js";
import { sizeOf, type TensorSpec } from "../../tensor/shape.js";
import type { Executor, LoadedProgram, RunInputs, RunOutputs } from "../executor.js";
import { checkInputs, StateStore } from "../store.js";

const constructors = { f32: Float32Array, i32: Int32Array, u8: Uint8Array } as const;

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
    for (const { op } of program.instructions) {
      if (!opsByName.has(op))
        throw new ResnetError(
          "ERR_PROGRAM",
          `the program ${program.name} uses the unknown op ${op}`,
        );
    }
    const arena = new ArrayBuffer(program.arenaBytes);
    const values = program.buffers.map((buffer) => this.allocate(buffer, arena));
    return {
      program,
      run: (inputs = {}) => {
        this.checkOpen();
        const done = this.queue.then(() => run(program, values, inputs));
        this.queue = done.catch(() => undefined);
        return done;
      },
    };
  }

  write(name: string, value: HostArray): void {
    this.checkOpen();
    this.state.ensure(name, value).data.set(value.data);
  }

  read(name: string): HostArray {
    this.checkOpen();
    const { shape, dtype, data } = this.state.get(name);
    return { shape, dtype, data: data.slice() };
  }

  states(): ReadonlyMap<string, TensorSpec> {
    return this.state.specs();
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.queue;
    this.state.clear();
  }

  private allocate(buffer: BufferSpec, arena: ArrayBuffer): Values {
    if (buffer.place === "state") return this.state.ensure(buffer.name, buffer);
    const elements = sizeOf(buffer.shape);
    const constructor = constructors[buffer.dtype];
    const data =
      buffer.place === "arena"
        ? new constructor(arena, buffer.offset, elements)
        : new constructor(elements);
    return { shape: buffer.shape, data };
  }

  private checkOpen(): void {
    if (this.closed) throw new ResnetError("ERR_CLOSED", "the executor is closed");
  }
}

async function run(
  program: Program,
  values: readonly Values[],
  given: RunInputs,
): Promise<RunOutputs> {
  const inputs = checkInputs(program, given);
  program.buffers.forEach((buffer, id) => {
    if (buffer.place === "input") values[id]!.data.set(inputs.get(buffer.name)!.data);
  });
  const pick = (ids: Readonly<Record<string, number>>): Record<string, Values> =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, values[id]!]));
  for (const { op, inputs: from, outputs: to, attrs } of program.instructions) {
    opsByName.get(op)!.reference(pick(from), pick(to), attrs);
    await new Promise((resolve) => setImmediate(resolve)); // lets timers, signals and servers have their turn
  }
  return Object.fromEntries(
    Object.entries(program.outputs).map(([name, id]) => {
      const { shape, dtype } = program.buffers[id]!;
      return [name, { shape, dtype, data: values[id]!.data.slice() } as HostArray];
    }),
  );
}
