import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gradients } from "../../src/autodiff/gradients.js";
import { graphOf } from "../../src/graph/graph.js";
import type { Tensor } from "../../src/graph/tensor.js";
import { namedParameters } from "../../src/nn/module.js";
import { traceModule } from "../../src/nn/trace-module.js";
import { softmaxCrossEntropy } from "../../src/ops/softmax-cross-entropy.js";
import { plan } from "../../src/planner/plan.js";
import { constant } from "../../src/ops/constant.js";
import { batchesOfEpoch, microBatches, type Batch } from "../../src/train/epoch-batches.js";
import { sgd } from "../../src/train/optimizers.js";
import { Session } from "../../src/train/session.js";
import { residentSource } from "../../src/train/sources/resident-source.js";
import { gradientSumState } from "../../src/train/state-names.js";
import { initialState, writeModelState } from "../../src/checkpoint/model-state.js";
import { reference } from "../helpers/executors.js";
import { normalize, randomConfig, randomDataset } from "../helpers/random-dataset.js";
import { LinearModel } from "../helpers/tiny-model.js";

describe("micro-batches of a step", () => {
  test("have weights that add up to 1, and the last one ends the step", () => {
    for (const [samples, size] of [
      [8, 4],
      [10, 4],
      [3, 4],
      [9, 3],
    ] as const) {
      const parts = microBatches(new Int32Array(samples), size);
      const sum = parts.reduce((total, { weight }) => total + weight, 0);
      assert.ok(Math.abs(sum - 1) < 1e-15, `${sum}`);
      assert.deepEqual(
        parts.map(({ endsStep }) => endsStep),
        parts.map((_, i) => i === parts.length - 1),
      );
    }
  });
});

describe("accumulated gradients", () => {
  test("are the sum of the weighted gradients of the micro-batches, bit for bit", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const model = new LinearModel();
    const config = randomConfig({ batch: 3, accumulate: 4, epochs: 1 });
    const source = await residentSource(executor, "train", randomDataset(10, 1), normalize);
    const session = new Session(executor, model, { optimizer: sgd() });
    const weights = initialState(model, 1);
    await session.start(weights);

    const batches: Batch[] = [];
    for await (const batch of batchesOfEpoch(source, config, 0)) batches.push(batch);
    const accumulated = batches.filter(({ endsStep }) => !endsStep);
    assert.equal(accumulated.length, 3);
    for (const batch of accumulated) await session.accumulate(batch);

    await writeModelState(executor, model, weights);
    const parameters = [...namedParameters(model)];
    const expected = new Map<string, Float32Array>();
    for (const { rows, weight, inputs } of accumulated) {
      const { result } = traceModule(model, true, () => {
        const { images, targets } = source.trace(rows.length, "fp32", true);
        const { loss } = softmaxCrossEntropy(model.call(images), targets as Tensor);
        const leaves = parameters.map(([, leaf]) => leaf);
        const found = gradients(loss, leaves, constant(Math.fround(weight), []));
        return Object.fromEntries(parameters.map(([name, leaf]) => [name, found.get(leaf)!]));
      });
      const program = await executor.load(plan("gradients", graphOf(result), executor.traits));
      const outputs = await program.run(inputs);
      for (const [name] of parameters) {
        const own = outputs[name]!.data as Float32Array;
        const sum = expected.get(name);
        expected.set(name, sum ? sum.map((value, i) => Math.fround(value + own[i]!)) : own.slice());
      }
    }
    for (const [name, sum] of expected)
      assert.deepEqual((await executor.read(gradientSumState(name))).data, sum, name);
  });
});
