import type { Executor, RunOutputs } from "../../src/executors/executor.js";
import { graphOf, type Graph } from "../../src/graph/graph.js";
import { input, type Leaf, type Tensor } from "../../src/graph/tensor.js";
import { ReferenceExecutor } from "../../src/executors/reference/reference-executor.js";
import { lower, plan } from "../../src/planner/plan.js";
import type { HostArray } from "../../src/tensor/host-array.js";

export interface RunOptions {
  /** Whether the planner fuses. Default true. */
  readonly fused?: boolean;
  /** Default a new reference executor. */
  readonly executor?: Executor;
}

/** Plans a graph and runs it once; leaves get their values by name. */
export async function runGraph(
  graph: Graph,
  values: Readonly<Record<string, HostArray>>,
  { fused = true, executor = new ReferenceExecutor() }: RunOptions = {},
): Promise<RunOutputs> {
  const program = (fused ? plan : lower)("test", graph, executor.traits);
  const inputs: Record<string, HostArray> = {};
  for (const [leaf, name] of graph.leaves) {
    if (leaf.kind === "input") inputs[name] = values[name]!;
    else await executor.write(name, values[name]!);
  }
  return (await executor.load(program)).run(inputs);
}

/** Traces ops on the given arrays, runs them, and returns their results by name. */
export async function runOps(
  build: (leaves: Readonly<Record<string, Leaf>>) => Readonly<Record<string, Tensor>>,
  values: Readonly<Record<string, HostArray>>,
  options?: RunOptions,
): Promise<RunOutputs> {
  const leaves = Object.fromEntries(
    Object.entries(values).map(([name, { shape, dtype }]) => [name, input(name, shape, dtype)]),
  );
  return runGraph(graphOf(build(leaves)), values, options);
}
