import type { Executor, RunInputs } from "../../src/executors/executor.js";
import type { Program } from "../../src/program/program.js";

/** The executor, the programs of training that it loads, and what each of their runs is given, in order. */
export function recording(executor: Executor): {
  readonly executor: Executor;
  readonly programs: Program[];
  readonly runs: RunInputs[];
} {
  const programs: Program[] = [];
  const runs: RunInputs[] = [];
  const load = executor.load.bind(executor);
  executor.load = async (program) => {
    const loaded = await load(program);
    if (!["train-step", "accumulate"].includes(program.name)) return loaded;
    programs.push(program);
    const run = (inputs?: RunInputs): ReturnType<typeof loaded.run> => {
      runs.push(inputs!);
      return loaded.run(inputs);
    };
    return { ...loaded, run };
  };
  return { executor, programs, runs };
}
