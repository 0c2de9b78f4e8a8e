// State is updated in its place: what would need a copy is refused, never computed wrongly.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { graphOf } from "../../src/graph/graph.js";
import { input, state, type Leaf, type Tensor } from "../../src/graph/tensor.js";
import { Linear } from "../../src/nn/linear.js";
import { Sequential } from "../../src/nn/sequential.js";
import { traceModule } from "../../src/nn/trace-module.js";
import { sgdOp } from "../../src/ops/sgd.js";
import { plan } from "../../src/planner/plan.js";

const step = (parameter: Leaf): Tensor =>
  sgdOp.trace(
    { parameter, gradient: input("g", [2]), learningRate: input("rate", []) },
    { nesterov: false, weightDecay: 0, lrScale: 1 },
  ).newParameter;

const fails = (
  outputs: Readonly<Record<string, Tensor>>,
  updates: ReadonlyMap<Leaf, Tensor>,
  message: string,
): void => assert.throws(() => plan("p", graphOf(outputs, updates)), { code: "ERR_PLAN", message });

describe("updates that would need a copy", () => {
  const [v, w] = [state("v", [2]), state("w", [2])];

  test("a state that becomes another", () => {
    fails({}, new Map([[w, v]]), "the new value of w is the state v, but state is not copied");
  });

  test("two states that become one value", () => {
    const value = step(w);
    const updates = new Map([
      [w, value],
      [v, value],
    ]);
    fails({}, updates, "the new value of v is that of w too, but state is not copied");
  });

  test("the old value as an output", () => {
    const message = "the output old is the old value of w, which is overwritten";
    fails({ old: w }, new Map([[w, step(w)]]), message);
  });
});

test("a graph keeps the names that its leaves had, whatever is traced later", () => {
  const inner = new Sequential(new Linear(3, 3));
  const model = new Sequential(new Linear(3, 3), inner);
  const x = input("x", [1, 3]);
  const graph = graphOf(traceModule(model, false, () => ({ y: model.call(x) })).result);
  traceModule(inner, false, () => inner.call(x)); // names inner's parameters from its own root
  const names = plan("p", graph).buffers.flatMap((b) => (b.place === "state" ? [b.name] : []));
  assert.deepEqual(names, ["0.weight", "0.bias", "1.0.weight", "1.0.bias"]);
});
