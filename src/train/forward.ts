import { createExecutor } from "../executors/create-executor.js";
import { graphOf } from "../graph/graph.js";
import { input } from "../graph/tensor.js";
import { hwncToNchw, nchwToHwnc } from "../interop/torch-layout.js";
import type { Module } from "../nn/module.js";
import { traceModule } from "../nn/trace-module.js";
import { plan } from "../planner/plan.js";
import { checkHostArray, type HostArray } from "../tensor/host-array.js";
import type { Shape } from "../tensor/shape.js";
import { initialState, writeModelState, type ModelState } from "./weights/model-state.js";

export interface ForwardOptions {
  /** Parameters and statistics by name, in PyTorch's layout. Default: the module's initialization with `seed`. */
  readonly state?: ModelState;
  readonly seed?: number;
  /** Name of the executor. Default `auto`. */
  readonly executor?: string;
}

const images = (shape: Shape): boolean => shape.length === 4;

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
  checkHostArray("the input", x, "ERR_INPUT"); // before anything as large as its shape is made
  const array = images(x.shape) ? nchwToHwnc(x) : x;
  const { result } = traceModule(module, false, () => module.call(input("x", array.shape)));
  const executor = await createExecutor(options.executor);
  try {
    const program = await executor.load(plan("forward", graphOf({ y: result }), executor.traits));
    await writeModelState(
      executor,
      module,
      options.state ?? initialState(module, options.seed ?? 0),
    );
    const { y } = await program.run({ x: array });
    return images(y!.shape) ? hwncToNchw(y!) : y!;
  } finally {
    await executor.close();
  }
}
