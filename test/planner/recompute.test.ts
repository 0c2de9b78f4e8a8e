import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { graphOf, type Graph } from "../../src/graph/graph.js";
import { verifyGraph } from "../../src/graph/verify.js";
import { createModel } from "../../src/models/catalog.js";
import { fuse } from "../../src/planner/fuse.js";
import { lower } from "../../src/planner/plan.js";
import { recompute } from "../../src/planner/recompute.js";
import { residentTracer } from "../../src/train/sources/resident-source.js";
import { sgd } from "../../src/train/optimizers.js";
import { traceTrainStep } from "../../src/train/step.js";
import { interpretAll } from "../helpers/interpret.js";
import { randomGraph } from "../helpers/random-network.js";
import { tinyEvaluation } from "../helpers/tiny-model.js";

const count = (graph: Graph, op: string): number =>
  graph.nodes.filter((node) => node.op.name === op).length;

const resnet = (name: string): Graph => {
  const source = residentTracer("train", [64, 32, 32, 3], { mean: [0, 0, 0], std: [1, 1, 1] });
  const optimizer = sgd({ momentum: 0.9 });
  return fuse(
    traceTrainStep(createModel(name, { classes: 10, channels: 3 }), {
      source,
      batchSize: 64,
      optimizer,
    }),
  );
};

describe("recompute", () => {
  test("keeps every value to the bit in 200 random networks", () => {
    let changed = 0;
    for (let seed = 0; seed < 200; seed++) {
      const { graph, values } = randomGraph(seed, true);
      const fused = fuse(graph);
      const again = recompute(fused);
      verifyGraph(again);
      if (count(again, "batchNorm2d") === count(fused, "batchNorm2d")) continue;
      changed++;
      assert.deepEqual(interpretAll(again, values), interpretAll(fused, values), `seed ${seed}`);
    }
    assert.ok(changed > 50, `only ${changed} networks had something to compute again`);
  });

  test("normalizes again, once, what has no residual", () => {
    const before = resnet("resnet50");
    const after = recompute(before);
    // 53 batch norms: 16 end their block and take the residual, the 4 of projections become that residual.
    assert.equal(count(before, "batchNorm2d"), 53);
    assert.equal(count(after, "batchNorm2d"), 53 + 53 - 16 - 4);
    for (const node of after.nodes) {
      if (node.op.name !== "conv2dWeightGrad") continue;
      const x = node.inputs["x"]!.node!;
      const forward = after.nodes.find(({ op }) => op.name === "softmaxCrossEntropy")!;
      const isLate = after.nodes.indexOf(x) > after.nodes.indexOf(forward);
      const isInner = x.op.name === "batchNorm2d" && !x.inputs["residual"];
      assert.equal(isLate, isInner, `${node.module} reads ${x.module}`);
    }
  });

  test("saves a sixth of the memory of bottleneck blocks, and a quarter of basic ones", () => {
    for (const [name, share] of [
      ["resnet50", 10 / 12],
      ["resnet18", 3 / 4],
    ] as const) {
      const graph = resnet(name);
      const saved = lower("", recompute(graph)).arenaBytes / lower("", graph).arenaBytes;
      assert.ok(Math.abs(saved - share) < 0.06, `${name}: ${saved}`);
    }
  });

  test("leaves outputs and forward passes alone", () => {
    const evaluation = fuse(tinyEvaluation());
    assert.equal(recompute(evaluation).nodes.length, evaluation.nodes.length);
    const { graph } = randomGraph(1, true);
    const norms = graph.nodes.filter(({ op }) => op.name === "batchNorm2d");
    const shown = norms.map(({ outputs }, i) => [`norm ${i}`, outputs["y"]!] as const);
    const kept = graphOf({ ...graph.outputs, ...Object.fromEntries(shown) }, graph.updates);
    assert.equal(count(recompute(kept), "batchNorm2d"), norms.length);
  });
});
