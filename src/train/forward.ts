import { createExecutor } from "../executors/create-executor.js";
import type { Executor } from "../executors/executor.js";
import { graphOf } from "../graph/graph.js";
import { input } from "../graph/tensor.js";
import { namedState, type Module } from "../nn/module.js";
import { traceModule } from "../nn/trace-module.js";
import { checkOptions } from "../tensor/check-options.js";
import { checkHostArray, type HostArray } from "../tensor/host-array.js";
import { loadGraph, withUserAxes, type LoadedGraph } from "../runtime/load-graph.js";
import { toImages } from "./array-batch.js";
import type { Precision } from "../program/precision.js";
import {
  initialState,
  writeModelState,
  type ModelState,
  type StateName,
} from "../checkpoint/model-state.js";

export interface ForwardOptions {
  /** Parameters and statistics by name, in PyTorch's layout. Default: the module's initialization with `seed`. */
  readonly state?: ModelState;
  readonly seed?: number;
  /** Name of the executor. Default `auto`. */
  readonly executor?: string;
}

/**
 * The output of a module or a single block for an array, in evaluation mode: for exploration.
 *
 *     const y = await forward(new BasicBlock(64, 128, 2), hostArray([1, 64, 56, 56]));   // [1, 128, 28, 28]
 *
 * @param x images `[N, C, H, W]`, or features `[N, C]`
 * @returns images `[N, C, H, W]`, or features `[N, C]`
 * @throws {ResnetError} `ERR_INPUT` if `x` has not as many values as its shape says
 * @throws {ShapeError} if the module does not take this shape; names the layer and both shapes
 */
export async function forward(
  module: Module,
  x: HostArray<"f32">,
  options: ForwardOptions = {},
): Promise<HostArray> {
  checkOptions("forward", options, ["state", "seed", "executor"]);
  checkHostArray("the input", x, "ERR_INPUT"); // before anything as large as its shape is made
  const executor = await createExecutor(options.executor);
  try {
    const programs = new ForwardPrograms(executor, module);
    return await programs.run(x, () =>
      writeModelState(executor, module, options.state ?? initialState(module, options.seed ?? 0)),
    );
  } finally {
    await executor.close();
  }
}

/** The programs of a model in evaluation mode, one for each shape of its input. */
export class ForwardPrograms {
  private readonly loaded = new Map<string, Promise<LoadedGraph>>();

  /** @param stateName the executor's name for a parameter or statistic of the model. Default: its own */
  constructor(
    private readonly executor: Executor,
    private readonly model: Module,
    private readonly precision: Precision = "fp32",
    private readonly stateName: StateName = (name) => name,
  ) {}

  /**
   * @param x f32, images `[N, C, H, W]` or features `[N, C]`
   * @param onLoaded is awaited before the run: what it writes may be in the program's states
   * @returns f32, images `[N, C, H, W]` or features `[N, C]`
   */
  async run(x: HostArray<"f32">, onLoaded?: () => Promise<void>): Promise<HostArray> {
    checkHostArray("the input", x, "ERR_INPUT");
    const array = toImages(x, this.precision);
    const program = await this.ofShape(array);
    await onLoaded?.();
    const { y } = await program.run({ x: array });
    return withUserAxes(y!, program.orders.get("y"));
  }

  async close(): Promise<void> {
    for (const program of this.loaded.values()) await (await program).close();
    this.loaded.clear();
  }

  private ofShape({ shape, dtype }: HostArray): Promise<LoadedGraph> {
    const key = shape.join("x");
    let program = this.loaded.get(key);
    if (!program) {
      const { executor, model, stateName } = this;
      const { result } = traceModule(model, false, () => model.call(input("x", shape, dtype)));
      const names = new Map([...namedState(model)].map(([name, leaf]) => [leaf, stateName(name)]));
      program = loadGraph(executor, "forward", graphOf({ y: result }, new Map(), names));
      this.loaded.set(key, program);
      program.catch(() => this.loaded.delete(key)); // so that the next call tries again
    }
    return program;
  }
}
