import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { graphOf, readersOf, type Graph } from "../../src/graph/graph.js";
import { input, state, type GraphNode } from "../../src/graph/tensor.js";
import { resnet18 } from "../../src/models/resnet.js";
import { add } from "../../src/ops/add.js";
import { relu } from "../../src/ops/relu.js";
import { sgdOp } from "../../src/ops/sgd.js";
import { fuse } from "../../src/planner/fuse.js";
import { schedule } from "../../src/planner/schedule.js";
import { residentTracer } from "../../src/train/sources/resident-source.js";
import { adam } from "../../src/train/optimizers.js";
import { traceTrainStep } from "../../src/train/step.js";
import { randomGraph } from "../helpers/random-network.js";

/** What breaks the promises of an order; empty where it keeps them. */
function findings(graph: Graph, order: readonly GraphNode[]): string[] {
  const problems: string[] = [];
  const position = new Map(order.map((node, i) => [node, i]));
  if (position.size !== graph.nodes.length || order.length !== graph.nodes.length) {
    problems.push("not every node runs once");
  }
  for (const node of order) {
    for (const { node: producer } of Object.values(node.inputs)) {
      if (producer && position.get(producer)! >= position.get(node)!) {
        problems.push(`${node.op.name} runs before ${producer.op.name}, which it reads`);
      }
    }
  }
  const readers = readersOf(graph);
  for (const [leaf, { node }] of graph.updates) {
    for (const reader of readers.get(leaf) ?? []) {
      if (reader !== node && position.get(reader)! > position.get(node!)!) {
        problems.push(`${reader.op.name} reads ${leaf.name} after its update`);
      }
    }
  }
  return problems;
}

function trainingOfResNet18(): Graph {
  const source = residentTracer("train", [4, 32, 32, 1], { mean: [0], std: [1] });
  return traceTrainStep(resnet18({ channels: 1 }), { source, batchSize: 2, optimizer: adam() });
}

describe("schedule", () => {
  test("random networks: inputs first, and every update after every reader of the old value", () => {
    for (let seed = 0; seed < 100; seed++) {
      const { graph } = randomGraph(seed, true);
      for (const each of [graph, fuse(graph)]) assert.deepEqual(findings(each, schedule(each)), []);
    }
  });

  test("training ResNet-18 with Adam keeps the same promises", () => {
    const graph = fuse(trainingOfResNet18());
    assert.deepEqual(findings(graph, schedule(graph)), []);
  });

  test("a parameter is updated right after its gradient, not at the end", () => {
    const graph = fuse(trainingOfResNet18());
    const order = schedule(graph);
    const updates = order.flatMap(({ op }, i) => (op.name === "adam" ? [i] : []));
    // The classifier's two come first, in the middle of the step: behind them is all of backward.
    assert.ok(
      updates[0]! < 0.6 * order.length,
      `the first update is ${updates[0]} of ${order.length}`,
    );
    for (const i of updates) {
      const { gradient } = order[i]!.inputs;
      const between = order.slice(order.indexOf(gradient!.node!) + 1, i).map(({ op }) => op.name);
      const others = between.filter((name) => name !== "adam");
      // The input gradient still reads the weight, so the weight waits for it; nothing waits longer.
      assert.ok(others.length <= 2, `${others.join(", ")} before ${order[i]!.module}`);
    }
  });

  test("an update waits for a reader that was traced after it", () => {
    const old = state("old", [2]);
    const operands = { parameter: old, gradient: input("gradient", [2]) };
    const learningRate = input("learningRate", []);
    const attrs = { nesterov: false, weightDecay: 0, lrScale: 1 };
    const { newParameter } = sgdOp.trace({ ...operands, learningRate }, attrs);
    const y = relu(old);
    const graph = graphOf({ y }, new Map([[old, newParameter]]));
    assert.deepEqual(
      schedule(graph).map(({ op }) => op.name),
      ["relu", "sgd"],
    );
  });

  test("a reader of the new value runs after the update", () => {
    const old = state("old", [2]);
    const operands = { parameter: old, gradient: input("gradient", [2]) };
    const learningRate = input("learningRate", []);
    const attrs = { nesterov: false, weightDecay: 0, lrScale: 1 };
    const { newParameter } = sgdOp.trace({ ...operands, learningRate }, attrs);
    const graph = graphOf({ y: relu(newParameter), z: relu(old) }, new Map([[old, newParameter]]));
    assert.deepEqual(findings(graph, schedule(graph)), []);
  });

  test("refuses a node that reads the old and the new value, which share one place", () => {
    const old = state("old", [2]);
    const operands = { parameter: old, gradient: input("gradient", [2]) };
    const learningRate = input("learningRate", []);
    const attrs = { nesterov: false, weightDecay: 0, lrScale: 1 };
    const { newParameter } = sgdOp.trace({ ...operands, learningRate }, attrs);
    const graph = graphOf({ y: add(newParameter, old) }, new Map([[old, newParameter]]));
    assert.throws(() => schedule(graph), {
      code: "ERR_PLAN",
      message: "sgd needs both the old and the new value of a state, which share one place",
    });
  });

  test("an update that reads another one's new value runs once, after it", () => {
    const [first, second] = [state("first", [2]), state("second", [2])];
    const learningRate = input("learningRate", []);
    const attrs = { nesterov: false, weightDecay: 0, lrScale: 1 };
    const gradient = input("gradient", [2]);
    const one = sgdOp.trace({ parameter: first, gradient, learningRate }, attrs).newParameter;
    const two = sgdOp.trace({ parameter: second, gradient: one, learningRate }, attrs).newParameter;
    for (const updates of [
      [[first, one] as const, [second, two] as const],
      [[second, two] as const, [first, one] as const],
    ]) {
      const graph = graphOf({}, new Map(updates));
      assert.deepEqual(schedule(graph), [one.node, two.node]);
    }
  });

  test("refuses two updates that wait for each other", () => {
    const [first, second] = [state("first", [2]), state("second", [2])];
    const learningRate = input("learningRate", []);
    const attrs = { nesterov: false, weightDecay: 0, lrScale: 1 };
    const one = sgdOp.trace({ parameter: first, gradient: second, learningRate }, attrs);
    const two = sgdOp.trace({ parameter: second, gradient: first, learningRate }, attrs);
    const updates = new Map([
      [first, one.newParameter],
      [second, two.newParameter],
    ]);
    assert.throws(() => schedule(graphOf({}, updates)), {
      code: "ERR_PLAN",
      message: "sgd needs both the old and the new value of a state, which share one place",
    });
  });
});
