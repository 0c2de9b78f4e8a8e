// Optimisers over five steps, planned and run on every executor, against PyTorch.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Executor } from "../../src/executors/executor.js";
import { graphOf } from "../../src/graph/graph.js";
import { input, state } from "../../src/graph/tensor.js";
import { plan } from "../../src/planner/plan.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { parseConfig } from "../../src/train/config/config.js";
import { adam, adamw } from "../../src/train/optimizers.js";
import { createOptimizer } from "../../src/train/optimizers.js";
import type { Optimizer } from "../../src/train/optimizers.js";
import { sgd } from "../../src/train/optimizers.js";
import { findRecipe } from "../../src/train/recipes.js";
import { assertClose, ulp } from "../helpers/assert-close.js";
import { executorsUnderTest } from "../helpers/executors.js";
import { draw, opCases, type OpCase } from "../helpers/fixtures.js";

/** One parameter `w` and its gradient as input: the program of a step. */
async function load(executor: Executor, optimizer: Optimizer, shape: readonly number[]) {
  const parameter = state("w", shape);
  const updates = optimizer.trace([{ name: "w", parameter, gradient: input("gradient", shape) }]);
  return await executor.load(plan("step", graphOf({}, updates)));
}

const optimizerOf = (op: string, attributes: OpCase["attributes"]): Optimizer => {
  const number = (name: string): number => Number(attributes[name]);
  if (op === "sgd") {
    return sgd({
      momentum: number("momentum"),
      nesterov: attributes["nesterov"] === true,
      weightDecay: number("weightDecay"),
    });
  }
  return (attributes["decoupled"] === true ? adamw : adam)({
    beta1: number("beta1"),
    beta2: number("beta2"),
    eps: number("eps"),
    weightDecay: number("weightDecay"),
  });
};

/** Where the executor keeps what a fixture expects. */
const stateNames: Readonly<Record<string, string>> = {
  newParameter: "w",
  newVelocity: "optimizer/velocity/w",
  newFirstMoment: "optimizer/firstMoment/w",
  newSecondMoment: "optimizer/secondMoment/w",
};

for (const { name, create } of executorsUnderTest) {
  describe(`optimisers on ${name}`, () => {
    for (const op of ["sgd", "adam"]) {
      for (const { name: title, seed, attributes, inputs, expected } of opCases(op)) {
        test(`${op}: ${title}`, async (t) => {
          const executor = create();
          t.after(() => executor.close());
          const parameter = draw(seed, "parameter", inputs["parameter"]!);
          const program = await load(executor, optimizerOf(op, attributes), parameter.shape);
          await executor.write("w", parameter);
          const takes = program.program.buffers.map((b) => (b.place === "input" ? b.name : ""));
          for (let step = 1; step <= Number(attributes["steps"]); step++) {
            const gradient = `gradient${step}`;
            await program.run({
              gradient: draw(seed, gradient, inputs[gradient]!),
              learningRate: Number(attributes["learningRate"]),
              ...(takes.includes("momentum") && { momentum: Number(attributes["momentum"]) }),
              ...(takes.includes("step") && { step }),
            });
          }
          for (const [key, { shape, values, deviation }] of Object.entries(expected)) {
            assert.ok(Array.isArray(values));
            const { data } = hostArray(shape, values as number[]);
            // Both are `deviation` off the exact numbers; five steps round the parameter ten times.
            const rtol = 4 * deviation + 10 * ulp;
            assertClose((await executor.read(stateNames[key]!)).data, data, { rtol }, key);
          }
        });
      }
    }
  });
}

describe("what an optimiser asks for", () => {
  const inputsOf = (optimizer: Optimizer): string[] => {
    const parameter = state("w", [3]);
    const updates = optimizer.trace([{ name: "w", parameter, gradient: input("g", [3]) }]);
    return [...graphOf({}, updates).leaves.values()].sort();
  };

  test("plain sgd keeps nothing; with momentum a velocity; adam two moments and the step", () => {
    assert.deepEqual(inputsOf(sgd()), ["g", "learningRate", "w"]);
    const velocity = ["g", "learningRate", "momentum", "optimizer/velocity/w", "w"];
    assert.deepEqual(inputsOf(sgd({ momentum: 0.9 })), velocity);
    const moments = ["optimizer/firstMoment/w", "optimizer/secondMoment/w"];
    for (const optimizer of [adam(), adamw()]) {
      assert.deepEqual(inputsOf(optimizer), ["g", "learningRate", ...moments, "step", "w"]);
    }
  });

  test("adamw decays by default, adam does not, as in PyTorch", () => {
    const attrsOf = (optimizer: Optimizer): object => {
      const parameter = state("w", [3]);
      const updates = optimizer.trace([{ name: "w", parameter, gradient: input("g", [3]) }]);
      return updates.get(parameter)!.node!.attrs;
    };
    const common = { beta1: 0.9, beta2: 0.999, eps: 1e-8, lrScale: 1 };
    assert.deepEqual(attrsOf(adam()), { ...common, weightDecay: 0, decoupled: false });
    assert.deepEqual(attrsOf(adamw()), { ...common, weightDecay: 0.01, decoupled: true });
  });

  test("a configuration names each", () => {
    const { config } = findRecipe("fashion-resnet34");
    const parameter = state("w", [1]);
    const nodeOf = (optimizer: "sgd" | "adam" | "adamw") => {
      const named = createOptimizer(parseConfig({ ...config, optimizer }));
      return named.trace([{ name: "w", parameter, gradient: input("g", [1]) }]).get(parameter)!
        .node!;
    };
    assert.equal(nodeOf("sgd").op.name, "sgd");
    assert.deepEqual([nodeOf("adam").op.name, nodeOf("adam").attrs["decoupled"]], ["adam", false]);
    assert.deepEqual([nodeOf("adamw").op.name, nodeOf("adamw").attrs["decoupled"]], ["adam", true]);
  });
});
