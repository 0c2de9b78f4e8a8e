import { gradients } from "../autodiff/gradients.js";
import type { Executor } from "../executors/executor.js";
import { inputSpecs } from "../program/input-specs.js";
import { graphOf } from "../graph/graph.js";
import { namedParameters, type Module } from "../nn/module.js";
import { traceModule } from "../nn/trace-module.js";
import { plan } from "../planner/plan.js";
import { hostArray } from "../tensor/host-array.js";
import { randomKey } from "../tensor/random.js";
import { crossEntropy, lossOutputs } from "./loss.js";
import type { BatchSource } from "./sources/batch-source.js";

/**
 * Euclidean norm of the gradient of the mean cross-entropy in the weight of each convolution and linear layer, by name,
 * in order of layers: how much of the error reaches each layer of the executor's model. The model does not change.
 *
 * Uses one batch of the source's first rows, without augmentation, in float32.
 */
export async function gradientNorms(
  executor: Executor,
  model: Module,
  source: BatchSource,
  batchSize: number,
): Promise<ReadonlyMap<string, number>> {
  const n = Math.min(batchSize, source.rows);
  const weights = [...namedParameters(model)].filter(([, { shape }]) => shape.length > 1);
  const { result } = traceModule(model, true, () => {
    const { images, targets } = source.trace(n, "fp32", false);
    const { loss } = lossOutputs(crossEntropy()(model.call(images), targets));
    const gradientOf = gradients(
      loss,
      weights.map(([, weight]) => weight),
    );
    return Object.fromEntries(weights.map(([name, weight]) => [name, gradientOf.get(weight)!]));
  });
  const program = await executor.load(plan("gradients", graphOf(result), executor.traits));
  const drops = inputSpecs(program.program).has("randomKey");
  const key = { randomKey: hostArray([2], randomKey(0, "step", 0), "i32") };
  const norms = new Map<string, number>();
  const rows = Int32Array.from({ length: n }, (_, i) => i);
  for await (const inputs of source.batches([rows], null)) {
    const outputs = await program.run({ ...inputs, ...(drops && key) });
    for (const [name] of weights) norms.set(name, Math.sqrt(sumOfSquares(outputs[name]!.data)));
  }
  await program.close();
  return norms;
}

const sumOfSquares = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return sum;
};
