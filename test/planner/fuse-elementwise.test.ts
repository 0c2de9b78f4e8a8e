// Chains of elementwise ops become one instruction, and keep their bits.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gradients } from "../../src/autodiff/gradients.js";
import * as f from "../../src/functional/elementwise.js";
import { mean, sum } from "../../src/functional/reductions.js";
import { groupNorm, layerNorm } from "../../src/functional/normalization.js";
import { graphOf } from "../../src/graph/graph.js";
import { input, state, type Leaf, type Tensor } from "../../src/graph/tensor.js";
import { cast } from "../../src/ops/cast.js";
import { lower, plan } from "../../src/planner/plan.js";
import { hostTraits } from "../../src/program/traits.js";
import type { FloatDType } from "../../src/tensor/shape.js";
import { randomArray } from "../helpers/arrays.js";
import { executorsUnderTest } from "../helpers/executors.js";
import { runGraph } from "../helpers/run.js";

const x = input("x", [3, 5]);
const row = input("row", [5]);

const stepsOf = (y: Tensor): readonly string[] =>
  plan("test", graphOf({ y })).instructions.map(({ op, attrs }) =>
    op === "elementwise" ? String(attrs["steps"]) : op,
  );

describe("elementwise ops become one instruction", () => {
  test("a chain with numbers and a broadcast row", () => {
    assert.deepEqual(stepsOf(f.mul(f.silu(f.add(f.mul(x, row), 0.5)), x)), [
      "mul x0 x1; add t0 0.5; silu t1; mul t2 x0",
    ]);
  });

  test("a result that two of them read, functions with parameters, and a choice", () => {
    const inner = f.clamp(x, { min: -1 });
    const y = f.where(f.less(inner, 0), f.softplus(inner), 2);
    assert.deepEqual(stepsOf(y), [
      "clamp x0 -1 Infinity; less t0 0; softplus t0 1 20; where t1 t2 2",
    ]);
  });

  test("sums of equal shapes beside other functions, but not alone", () => {
    assert.deepEqual(stepsOf(f.exp(f.add(x, x))), ["add x0 x0; exp t0"]);
    assert.deepEqual(stepsOf(f.add(f.add(x, x), x)), ["add", "add"]);
  });

  test("not what something else reads, has another shape, or is kept", () => {
    const y = f.exp(x);
    assert.deepEqual(stepsOf(f.mul(y, f.sub(1, mean(y)))), ["unary", "reduce", "binary", "binary"]);
    assert.deepEqual(stepsOf(f.mul(f.exp(row), x)), ["unary", "binary"]);
    const program = plan("test", graphOf({ y, z: f.neg(y) }));
    assert.deepEqual(
      program.instructions.map(({ op }) => op),
      ["unary", "unary"],
    );
  });

  test("at most eight operands", () => {
    const many = Array.from({ length: 10 }, (_, i) => input(`x${i}`, [5]));
    const product = many.reduce<Tensor>((y, each) => f.mul(y, each), f.neg(many[0]!));
    const steps = stepsOf(product);
    assert.equal(steps.length, 2);
    assert.match(steps[1]!, /^mul x0 x1; mul t0 x2; .*x7$/);
  });

  test("not for an executor without the pass", () => {
    const traits = {
      ...hostTraits,
      fuses: hostTraits.fuses.filter((name) => name !== "elementwise"),
    };
    const { instructions } = plan("test", graphOf({ y: f.exp(f.neg(x)) }), traits);
    assert.deepEqual(
      instructions.map(({ op }) => op),
      ["unary", "unary"],
    );
  });

  test("a new value of state is computed in its place", () => {
    const weight = state("weight", [7]);
    const next = f.sub(weight, f.mul(f.sign(input("gradient", [7])), 0.1));
    const program = plan("test", graphOf({}, new Map([[weight, next]])));
    assert.equal(program.instructions.length, 1);
    const { inputs, outputs } = program.instructions[0]!;
    assert.ok(Object.values(inputs).includes(outputs["y"]!));
  });
});

const expressions: Readonly<Record<string, (a: Tensor, b: Tensor) => Tensor>> = {
  "a gated sum": (a, b) => f.mul(f.sigmoid(f.add(f.mul(a, b), 0.3)), f.tanh(a)),
  "all kinds": (a, b) =>
    f.where(f.greater(a, b), f.pow(f.abs(a), 1.5), f.clamp(f.div(b, 3), { min: -0.1, max: 0.2 })),
  softplus: (a, b) => f.neg(f.softplus(f.sub(a, b), { beta: 2, threshold: 1 })),
  "a long chain": (a, b) =>
    Array.from({ length: 40 }).reduce<Tensor>((y, _, i) => f.add(f.mul(y, i % 2 ? a : b), 0.1), a),
  layerNorm: (a, b) => layerNorm(a, [70], { weight: b }),
  groupNorm: (a) => f.silu(groupNorm(a, 5)),
};

for (const { name: executorName, create } of executorsUnderTest) {
  describe(`fused chains have the bits of single ops on ${executorName}`, () => {
    for (const dtype of ["f32", "bf16"] as const) {
      for (const [name, build] of Object.entries(expressions)) {
        test(`${name}, ${dtype}`, async () => {
          const leaves = { a: input("a", [33, 70]), b: input("b", [70]) };
          const [a, b] = [cast(leaves.a, dtype), cast(leaves.b, dtype)];
          const y = build(a, b);
          const by: readonly Leaf[] = name === "groupNorm" ? [leaves.a] : [leaves.a, leaves.b];
          const found = gradients(sum(f.square(cast(y, "f32" satisfies FloatDType))), by);
          const outputs = Object.fromEntries(by.map((leaf) => [leaf.name, found.get(leaf)!]));
          const graph = graphOf({ y, ...outputs });
          const count = (program: ReturnType<typeof plan>): number => program.instructions.length;
          assert.ok(count(plan("test", graph)) < count(lower("test", graph)));
          const values = { a: randomArray([33, 70], 1), b: randomArray([70], 2) };
          const executor = create();
          const [fused, single] = await Promise.all(
            [true, false].map((isFused) => runGraph(graph, values, { fused: isFused, executor })),
          );
          assert.deepEqual(fused, single);
          await executor.close();
        });
      }
    }
  });
}
