import { createExecutor } from "../executors/create-executor.js";
import type { Executor } from "../executors/executor.js";
import { graphOf } from "../graph/graph.js";
import { input, type Tensor } from "../graph/tensor.js";
import { namedState, type AnyModule, type Module } from "../nn/module.js";
import { traceModule } from "../nn/trace-module.js";
import { checkOptions } from "../tensor/check-options.js";
import { checkHostArray, type HostArray } from "../tensor/host-array.js";
import { loadGraph, withUserAxes, type LoadedGraph } from "../runtime/load-graph.js";
import { callModel, likeParts, partsOf, type OutputArrays, type Several } from "./several.js";
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
 * @param x images `[N, C, H, W]`, or features `[N, C]`; of several inputs an array or a record of them
 * @returns images `[N, C, H, W]`, or features `[N, C]`; of several outputs an array or a record, as the module returns them
 * @throws {ResnetError} `ERR_INPUT` if `x` has not as many values as its shape says
 * @throws {ShapeError} if the module does not take this shape; names the layer and both shapes
 */
export async function forward<M extends AnyModule = Module>(
  module: M,
  x: Several<HostArray<"f32">>,
  options: ForwardOptions = {},
): Promise<OutputArrays<M>> {
  checkOptions("forward", options, ["state", "seed", "executor"]);
  checkInputs(x); // before anything as large as its shape is made
  const executor = await createExecutor(options.executor);
  try {
    const programs = new ForwardPrograms(executor, module);
    const outputs = await programs.run(x, () =>
      writeModelState(executor, module, options.state ?? initialState(module, options.seed ?? 0)),
    );
    return outputs as OutputArrays<M>;
  } finally {
    await executor.close();
  }
}

function checkInputs(x: Several<HostArray>): void {
  for (const [name, part] of Object.entries(partsOf("the input", x)))
    checkHostArray(name, part, "ERR_INPUT");
}

interface ForwardProgram {
  readonly program: LoadedGraph;
  /** What the model returned while it was traced. */
  readonly outputs: Several<Tensor>;
}

/** The programs of a model in evaluation mode, one for each shape of its input. */
export class ForwardPrograms {
  private readonly loaded = new Map<string, Promise<ForwardProgram>>();

  /** @param stateName the executor's name for a parameter or statistic of the model. Default: its own */
  constructor(
    private readonly executor: Executor,
    private readonly model: AnyModule,
    private readonly precision: Precision = "fp32",
    private readonly stateName: StateName = (name) => name,
  ) {}

  /**
   * @param x f32, images `[N, C, H, W]` or features `[N, C]`
   * @param onLoaded is awaited before the run: what it writes may be in the program's states
   * @returns f32, images `[N, C, H, W]` or features `[N, C]`
   */
  async run(
    x: Several<HostArray<"f32">>,
    onLoaded?: () => Promise<void>,
  ): Promise<Several<HostArray>> {
    checkInputs(x);
    const arrays = likeParts("x", x, (part) => toImages(part, this.precision));
    const { program, outputs } = await this.ofShapes(arrays);
    await onLoaded?.();
    const values = await program.run(partsOf("x", arrays));
    return likeParts("y", outputs, (_, name) =>
      withUserAxes(values[name]!, program.orders.get(name)),
    );
  }

  async close(): Promise<void> {
    for (const program of this.loaded.values()) await (await program).program.close();
    this.loaded.clear();
  }

  private ofShapes(arrays: Several<HostArray>): Promise<ForwardProgram> {
    const key = JSON.stringify(likeParts("x", arrays, ({ shape }) => shape));
    let program = this.loaded.get(key);
    if (!program) {
      const { executor, model, stateName } = this;
      const { result } = traceModule(model, false, () =>
        callModel(
          model,
          likeParts("x", arrays, ({ shape, dtype }, name) => input(name, shape, dtype)),
        ),
      );
      const names = new Map([...namedState(model)].map(([name, leaf]) => [leaf, stateName(name)]));
      const graph = graphOf(partsOf("y", result), new Map(), names);
      program = loadGraph(executor, "forward", graph).then((loaded) => ({
        program: loaded,
        outputs: result,
      }));
      this.loaded.set(key, program);
      program.catch(() => this.loaded.delete(key)); // so that the next call tries again
    }
    return program;
  }
}
