import type { Program } from "../program/program.js";
import type { Executor } from "./executor.js";

/** The time that the runs of one program took, added up. */
export interface ProgramTimes {
  readonly program: Program;
  readonly runs: number;
  /** From the call of `run` to its result. */
  readonly milliseconds: number;
  /** The values of the instructions, in order. */
  readonly nanoseconds: Float64Array;
}

export interface ProfiledExecutor extends Executor {
  /** The profile of every program that ran since the last `reset`, in order of loading. */
  times(): readonly ProgramTimes[];
  /** Forgets what was added up, for instance after a warm-up. */
  reset(): void;
}

/** The same executor, which also adds up the time that each instruction of its programs takes. */
export function profiled(executor: Executor): ProfiledExecutor {
  const all: {
    program: Program;
    runs: number;
    milliseconds: number;
    nanoseconds: Float64Array;
  }[] = [];
  return {
    name: executor.name,
    description: executor.description,
    traits: executor.traits,
    write: (name, value) => executor.write(name, value),
    read: (name) => executor.read(name),
    remove: (name) => executor.remove(name),
    states: () => executor.states(),
    close: () => executor.close(),
    async load(program) {
      const loaded = await executor.load(program);
      const nanoseconds = new Float64Array(program.instructions.length);
      const sums = { program, runs: 0, milliseconds: 0, nanoseconds };
      all.push(sums);
      return {
        ...loaded,
        async run(inputs) {
          const start = performance.now();
          const outputs = await loaded.run(inputs);
          sums.milliseconds += performance.now() - start;
          sums.runs++;
          (await loaded.nanoseconds()).forEach((time, i) => (nanoseconds[i]! += time));
          return outputs;
        },
      };
    },
    times: () => all.filter(({ runs }) => runs > 0),
    reset() {
      for (const sums of all) {
        sums.runs = sums.milliseconds = 0;
        sums.nanoseconds.fill(0);
      }
    },
  };
}
