import type { Executor, LoadedProgram, RunInputs } from "../executors/executor.js";
import { Constant } from "../functional/constants.js";
import type { AxisOrder } from "../graph/axis-order.js";
import type { Graph } from "../graph/graph.js";
import { permuteAxes } from "../interop/torch-layout.js";
import { plan } from "../planner/plan.js";
import { decodeBf16 } from "../tensor/bf16.js";
import { hostArray, type HostArray } from "../tensor/host-array.js";

/** A loaded program that knows in which order the axes of its outputs lie. */
export interface LoadedGraph extends LoadedProgram {
  readonly orders: ReadonlyMap<string, AxisOrder>;
}

/** Plans a graph and loads its program, whose runs get the constants of the graph (`tensor`, `arange`) by themselves. */
export async function loadGraph(
  executor: Executor,
  name: string,
  graph: Graph,
): Promise<LoadedGraph> {
  const program = await executor.load(plan(name, graph, executor.traits));
  const constants: RunInputs = Object.fromEntries(
    [...graph.leaves].flatMap(([leaf, leafName]) =>
      leaf instanceof Constant ? [[leafName, leaf.value]] : [],
    ),
  );
  return {
    program: program.program,
    orders: new Map(Object.entries(graph.outputs).map(([output, { order }]) => [output, order])),
    run: (inputs) => program.run({ ...constants, ...inputs }),
    nanoseconds: () => program.nanoseconds(),
    close: () => program.close(),
  };
}

/** A value of a program with its axes as PyTorch counts them, bf16 as f32. */
export function withUserAxes(value: HostArray, order: AxisOrder | undefined): HostArray {
  const { shape, data } = value;
  const array = data instanceof Uint16Array ? hostArray(shape, decodeBf16(data)) : value;
  if (!order) return array;
  return permuteAxes(
    array,
    order.map((_, axis) => order.indexOf(axis)),
  );
}
