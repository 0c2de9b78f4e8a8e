import type { BufferSpec, Program } from "../../program/program.js";
import { hostTraits } from "../../program/traits.js";
import { ResnetError } from "../../tensor/error.js";
import {
  allocate,
  checkHostArray,
  elementArrays,
  type HostArray,
} from "../../tensor/host-array.js";
import { sizeOf } from "../../tensor/shape.js";
import type { RunOutputs } from "../executor.js";
import { checkInputs } from "../check-inputs.js";
import { QueuedExecutor, type Engine, type EngineProgram } from "../queued-executor.js";
import { checkInstructions } from "./check-instructions.js";
import { execute } from "./execute.js";
import { nextTurn } from "./next-turn.js";

/**
 * Runs programs with the ops' own reference rules: plain loops on one thread, the meaning of every fast kernel.
 *
 * Slow, and needs nothing: it is what a machine without the native engine trains on, and what the fast executors
 * are tested against.
 */
export class ReferenceExecutor extends QueuedExecutor {
  constructor() {
    const description = "reference, plain TypeScript, 1 thread";
    super("reference", description, hostTraits, new ReferenceEngine());
  }
}

class ReferenceEngine implements Engine {
  /** Made once and never replaced: loaded programs compute in them. */
  private readonly states = new Map<string, HostArray>();
  private isCancelled = false;

  load(program: Program): EngineProgram {
    checkInstructions(program);
    const memory = this.allocateAll(program);
    const times = new Float64Array(program.instructions.length);
    return {
      run: async (inputs) => {
        const given = checkInputs(program, inputs);
        return run(program, memory, times, given, () => this.isCancelled);
      },
      nanoseconds: () => times.slice(),
      close: () => {},
    };
  }

  write(name: string, value: HostArray): void {
    checkHostArray(`the state "${name}"`, value, "ERR_STATE");
    const { shape, dtype, data } = value;
    const state = this.states.get(name);
    if (state) state.data.set(data);
    else this.states.set(name, { shape, dtype, data: data.slice() } as HostArray);
  }

  read(name: string): HostArray {
    const { shape, dtype, data } = this.states.get(name)!;
    return { shape, dtype, data: data.slice() } as HostArray;
  }

  remove(name: string): void {
    this.states.delete(name);
  }

  cancel(): void {
    this.isCancelled = true;
  }

  close(): void {
    this.states.clear();
  }

  /** @throws {ResnetError} `ERR_MEMORY`; then no state has been made */
  private allocateAll({ name, arenaBytes, buffers }: Program): HostArray[] {
    const made = new Map<string, HostArray>();
    const allocated = ({ shape, dtype }: BufferSpec): HostArray =>
      ({ shape, dtype, data: allocate(dtype, sizeOf(shape)) }) as HostArray;
    try {
      const arena = new ArrayBuffer(arenaBytes);
      const memory = buffers.map((buffer) => {
        if (buffer.place === "input") return allocated(buffer);
        if (buffer.place === "arena") {
          const { shape, dtype, offset } = buffer;
          const data = new elementArrays[dtype](arena, offset, sizeOf(shape));
          return { shape, dtype, data } as HostArray;
        }
        const state = this.states.get(buffer.name) ?? allocated(buffer);
        if (!this.states.has(buffer.name)) made.set(buffer.name, state);
        return state;
      });
      for (const [state, array] of made) this.states.set(state, array);
      return memory;
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new ResnetError("ERR_MEMORY", `there is no memory for the program ${name}`, { cause });
    }
  }
}

/** How long the thread computes before timers, signals and pages have their turn. */
const sliceMs = 8;

async function run(
  program: Program,
  memory: readonly HostArray[],
  times: Float64Array,
  inputs: ReadonlyMap<string, HostArray>,
  isCancelled: () => boolean,
): Promise<RunOutputs> {
  // Before the first pause: the caller may reuse its arrays at once.
  program.buffers.forEach((buffer, id) => {
    if (buffer.place === "input") memory[id]!.data.set(inputs.get(buffer.name)!.data);
  });
  let sliceStart = -Infinity;
  for (const [i, { op, inputs: from, outputs: to, attrs }] of program.instructions.entries()) {
    if (performance.now() - sliceStart > sliceMs) {
      await nextTurn();
      sliceStart = performance.now();
    }
    if (isCancelled()) return {};
    const start = performance.now();
    execute(op, attrs, memory, from, to);
    times[i] = 1e6 * (performance.now() - start);
  }
  return Object.fromEntries(
    Object.entries(program.outputs).map(([name, id]) => {
      const { shape, dtype } = program.buffers[id]!;
      return [name, { shape, dtype, data: memory[id]!.data.slice() } as HostArray];
    }),
  );
}
