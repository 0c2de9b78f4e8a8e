import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { graphOf, readersOf, type Graph } from "../../src/graph/graph.js";
import { rewrite } from "../../src/graph/rewrite.js";
import { input, state, Tensor, type GraphNode } from "../../src/graph/tensor.js";
import { verifyGraph } from "../../src/graph/verify.js";
import { add } from "../../src/ops/add.js";
import { leakyRelu } from "../../src/ops/leaky-relu.js";
import { relu } from "../../src/ops/relu.js";
import { sgdOp } from "../../src/ops/sgd.js";

const opsOf = (graph: Graph): string[] => graph.nodes.map(({ op }) => op.name);

describe("graphOf", () => {
  test("keeps what contributes, in the order of tracing", () => {
    const x = input("x", [2]);
    const a = relu(x);
    leakyRelu(x); // contributes to nothing
    const y = add(a, x);
    const graph = graphOf({ y });
    assert.deepEqual(opsOf(graph), ["relu", "add"]);
    assert.deepEqual([...graph.leaves.values()], ["x"]);
  });

  test("keeps what only an update needs", () => {
    const parameter = state("w", [2]);
    const learningRate = input("learningRate", []);
    const gradient = relu(input("x", [2]));
    const attrs = { nesterov: false, weightDecay: 0, lrScale: 1 };
    const { newParameter } = sgdOp.trace({ parameter, gradient, learningRate }, attrs);
    const graph = graphOf({}, new Map([[parameter, newParameter]]));
    assert.deepEqual(opsOf(graph), ["relu", "sgd"]);
    assert.deepEqual([...graph.leaves.values()].sort(), ["learningRate", "w", "x"]);
  });

  test("refuses two leaves of one name", () => {
    assert.throws(() => graphOf({ y: add(input("x", [2]), input("x", [2])) }), {
      code: "ERR_GRAPH",
      message: 'two leaves of the graph are named "x": names must be unique',
    });
  });

  test("lists each reader of a tensor once", () => {
    const x = input("x", [2]);
    const y = relu(add(x, x));
    const readers = readersOf(graphOf({ y }));
    assert.deepEqual(
      readers.get(x)!.map(({ op }) => op.name),
      ["add"],
    );
    assert.equal(readers.get(y), undefined);
  });
});

describe("rewrite", () => {
  test("puts other tensors in the place of a node's outputs, and drops what nobody reads", () => {
    const x = input("x", [2]);
    const graph = graphOf({ y: relu(leakyRelu(x, 0.1)) });
    const rule = ({ op }: GraphNode, inputs: Readonly<Record<string, Tensor>>) =>
      op.name === "leakyRelu" ? { y: inputs["x"]! } : null;
    const rewritten = rewrite(graph, rule);
    verifyGraph(rewritten);
    assert.deepEqual(opsOf(rewritten), ["relu"]);
    assert.equal(rewritten.outputs["y"]!.node!.inputs["x"], x);
    assert.deepEqual(opsOf(graph), ["leakyRelu", "relu"], "the old graph is as it was");
  });
});

describe("verifyGraph", () => {
  const x = input("x", [2, 3]);
  const y = relu(x);
  const good = graphOf({ y });
  const [node] = good.nodes;
  const withNode = (change: Partial<GraphNode>): Graph => {
    const changed = { ...node!, ...change };
    return { ...good, nodes: [changed], outputs: { y: changed.outputs["y"]! } };
  };
  const findings = (graph: Graph): string => {
    let text = "";
    assert.throws(
      () => verifyGraph(graph),
      ({ code, message }: { code: string; message: string }) => {
        assert.equal(code, "ERR_GRAPH");
        text = message;
        return true;
      },
    );
    const [first, ...rest] = text.split("\n  ");
    assert.equal(first, "the graph does not verify:");
    return rest.join("; ");
  };

  test("accepts a good graph", () => verifyGraph(good));

  test("a missing operand", () => {
    assert.equal(findings(withNode({ inputs: {} })), "relu: x is missing");
  });

  test("an operand that the op does not have", () => {
    const graph = withNode({ inputs: { x, z: x }, module: "layer1" });
    assert.equal(findings(graph), "relu in layer1: takes no operand named z");
  });

  test("an operand that is no leaf of the graph", () => {
    const graph = withNode({ inputs: { x: input("other", [2, 3]) } });
    assert.equal(findings(graph), "relu: x is not a leaf of the graph");
  });

  test("a value read before it is computed", () => {
    const graph = graphOf({ z: relu(y) });
    const swapped = { ...graph, nodes: [...graph.nodes].reverse() };
    assert.equal(findings(swapped), "relu: x is read before it is computed");
  });

  test("an output of another shape or dtype than the op gives", () => {
    const other = new Tensor([3, 2], "f32", node!);
    assert.equal(findings(withNode({ outputs: { y: other } })), "relu: y should be f32 [2, 3]");
    const integers = new Tensor([2, 3], "i32", node!);
    assert.equal(findings(withNode({ outputs: { y: integers } })), "relu: y should be f32 [2, 3]");
  });

  test("an output that is not computed", () => {
    const graph = { ...good, outputs: { y: relu(x) } };
    assert.equal(findings(graph), "the output y is not computed");
  });

  test("an update of an input, of another shape, and with what is not computed", () => {
    const w = state("w", [2]);
    const update = (leaf: typeof w, value: Tensor): Graph => ({
      ...good,
      leaves: new Map([...good.leaves, [leaf, leaf.name]]),
      updates: new Map([[leaf, value]]),
    });
    assert.equal(findings(update(x, y)), "x is an input, and only state can be updated");
    assert.equal(findings(update(w, y)), "w is f32 [2] but its new value is f32 [2, 3]");
    const elsewhere = relu(w);
    assert.equal(findings(update(w, elsewhere)), "the new value of w is not computed");
  });

  test("lists every finding at once", () => {
    const graph = { ...withNode({ inputs: {} }), outputs: { z: relu(x) } };
    assert.equal(findings(graph), "relu: x is missing; the output z is not computed");
  });
});
