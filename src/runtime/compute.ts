import { createExecutor } from "../executors/create-executor.js";
import type { Executor, LoadedProgram, RunInputs, RunOutputs } from "../executors/executor.js";
import { Constant } from "../functional/constants.js";
import { graphOf, type Graph } from "../graph/graph.js";
import { Tensor } from "../graph/tensor.js";
import { permuteAxes } from "../interop/torch-layout.js";
import { plan } from "../planner/plan.js";
import { withUserAxes } from "./load-graph.js";
import { ResnetError } from "../tensor/error.js";
import type { HostArray } from "../tensor/host-array.js";

export interface ComputeOptions {
  /** An executor, which stays open, or the name of one. Default `auto`. */
  readonly executor?: Executor | string;
  /** Values of the inputs of the expression by name, in the order of axes that PyTorch has. */
  readonly inputs?: Readonly<Record<string, HostArray>>;
}

/**
 * The value of an expression, at once: for exploration.
 *
 *     await compute(matmul(tensor([[1, 2]]), tensor([[3], [4]])));   // [1, 1]: 11
 *
 * @param expression a tensor, or several by name, which are computed together
 * @returns values with their axes as PyTorch counts them; bf16 as f32
 * @throws {ResnetError} `ERR_INPUT` if it depends on an input without a value, or on state
 */
export function compute(expression: Tensor, options?: ComputeOptions): Promise<HostArray>;
export function compute<const N extends string>(
  expressions: Readonly<Record<N, Tensor>>,
  options?: ComputeOptions,
): Promise<Readonly<Record<N, HostArray>>>;
export async function compute(
  expression: Tensor | Readonly<Record<string, Tensor>>,
  { executor = "auto", inputs = {} }: ComputeOptions = {},
): Promise<HostArray | Readonly<Record<string, HostArray>>> {
  const wanted = expression instanceof Tensor ? { y: expression } : expression;
  const graph = graphOf(wanted);
  const values = valuesOf(graph, inputs);
  const running = typeof executor === "string" ? await createExecutor(executor) : executor;
  try {
    const program = await running.load(plan("compute", graph, running.traits));
    const results = await runOnce(program, values);
    const counted = Object.fromEntries(
      Object.entries(wanted).map(([name, { order }]) => [
        name,
        withUserAxes(results[name]!, order),
      ]),
    );
    return expression instanceof Tensor ? counted["y"]! : counted;
  } finally {
    if (typeof executor === "string") await running.close();
  }
}

async function runOnce(program: LoadedProgram, values: RunInputs): Promise<RunOutputs> {
  try {
    return await program.run(values);
  } finally {
    await program.close();
  }
}

/** The values of all leaves, as they lie in memory. */
function valuesOf(
  graph: Graph,
  inputs: Readonly<Record<string, HostArray>>,
): Readonly<Record<string, HostArray>> {
  return Object.fromEntries(
    [...graph.leaves].map(([leaf, name]) => {
      const value = leaf instanceof Constant ? leaf.value : inputs[name];
      if (value === undefined || leaf.kind === "state") {
        throw new ResnetError(
          "ERR_INPUT",
          `compute: the expression depends on the ${leaf.kind} "${name}", which has no value: begin with tensor, zeros or randn, or give inputs`,
        );
      }
      return [name, leaf.order ? permuteAxes(value, leaf.order) : value];
    }),
  );
}
