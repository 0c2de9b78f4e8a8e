import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { graphOf, type Graph } from "../../src/graph/graph.js";
import { input, type Tensor } from "../../src/graph/tensor.js";
import { verifyGraph } from "../../src/graph/verify.js";
import { add } from "../../src/ops/add.js";
import { batchNorm2d, batchNorm2dTraining } from "../../src/ops/batch-norm2d.js";
import { conv2d, conv2dOp } from "../../src/ops/conv2d.js";
import { leakyRelu } from "../../src/ops/leaky-relu.js";
import { relu } from "../../src/ops/relu.js";
import * as passes from "../../src/planner/fuse.js";
import { assertClose } from "../helpers/assert-close.js";
import { randomArray } from "../helpers/arrays.js";
import { gradientsUnder } from "../helpers/gradient-check.js";
import { interpretAll } from "../helpers/interpret.js";
import { randomGraph } from "../helpers/random-network.js";

const opsOf = (graph: Graph): string[] => graph.nodes.map(({ op }) => op.name);

const named = Object.entries(passes);

/** Fused and unfused differ in the order of a few float64 roundings, which batch norms pass on. */
const rtol = 1e-10;

describe("every pass keeps values and gradients, and its graph verifies", () => {
  for (const training of [true, false]) {
    test(`200 random networks in ${training ? "training" : "evaluation"}`, () => {
      const changed = new Set<string>();
      for (let seed = 0; seed < 200; seed++) {
        const { graph, values } = randomGraph(seed, training);
        verifyGraph(graph);
        const before = interpretAll(graph, values);
        for (const [name, pass] of named) {
          const fused = pass(graph);
          verifyGraph(fused);
          assert.deepEqual(Object.keys(fused.outputs), Object.keys(graph.outputs));
          assert.deepEqual([...fused.updates.keys()], [...graph.updates.keys()]);
          if (opsOf(fused).join() === opsOf(graph).join() && name !== "statistics") continue;
          changed.add(name);
          const after = interpretAll(fused, values);
          for (const [key, { data }] of Object.entries(before)) {
            assertClose(after[key]!.data, data, { rtol, atol: 1e-12 }, `${seed}, ${name}, ${key}`);
          }
        }
      }
      // Each pass had something to do; those about gradients only in training, folding only outside.
      const idle = named.map(([name]) => name).filter((name) => !changed.has(name));
      assert.deepEqual(
        idle.sort(),
        training ? ["foldBatchNorm"] : ["activationGrad", "gradientSum"],
      );
    });
  }
});

const parameters = { weight: input("weight", [4]), bias: input("bias", [4]) };
const running = { mean: input("mean", [4]), variance: input("variance", [4]) };
const image = (name = "x"): Tensor => input(name, [3, 3, 2, 4]);
const kernel = (): Tensor => input("kernel", [1, 1, 4, 4]);

describe("what the passes merge", () => {
  const fused = (y: Tensor): string[] => opsOf(passes.fuse(graphOf({ y })));

  test("statistics behind a convolution", () => {
    const { y } = batchNorm2dTraining(conv2d(image(), kernel()), parameters, 1e-5);
    assert.deepEqual(fused(y), ["conv2d", "batchNorm2d"]);
  });

  test("but not statistics of what another op computed", () => {
    const { y } = batchNorm2dTraining(relu(conv2d(image(), kernel())), parameters, 1e-5);
    assert.deepEqual(fused(y), ["conv2d", "batchNormStatistics", "batchNorm2d"]);
  });

  test("an activation, and the shortcut before it, into a batch norm", () => {
    const y = batchNorm2dTraining(image(), parameters, 1e-5).y;
    const graph = passes.fuse(graphOf({ y: relu(add(y, image("shortcut"))) }));
    assert.deepEqual(opsOf(graph), ["batchNormStatistics", "batchNorm2d"]);
    assert.equal(graph.outputs["y"]!.node!.attrs["activation"], "relu");
    assert.equal(
      graph.leaves.get(graph.outputs["y"]!.node!.inputs["residual"] as never),
      "shortcut",
    );
  });

  test("leakyRelu with its slope into a convolution", () => {
    const graph = passes.fuse(graphOf({ y: leakyRelu(conv2d(image(), kernel()), 0.2) }));
    assert.deepEqual(opsOf(graph), ["conv2d"]);
    const { activation, slope } = graph.outputs["y"]!.node!.attrs;
    assert.deepEqual([activation, slope], ["leakyRelu", 0.2]);
  });

  test("no activation where someone else reads what is before it", () => {
    const y = conv2d(image(), kernel());
    assert.deepEqual(opsOf(passes.fuse(graphOf({ y, z: relu(y) }))), ["conv2d", "relu"]);
    assert.deepEqual(fused(add(relu(y), y)), ["conv2d", "relu", "add"]);
  });

  test("no second shortcut where the convolution has one", () => {
    const attrs = { stride: 1, padding: 0, groups: 1, activation: "none", slope: 0 } as const;
    const operands = { x: image(), weight: kernel(), residual: image("first") };
    const y = relu(add(conv2dOp.trace(operands, attrs).y, image("second")));
    assert.deepEqual(fused(y), ["conv2d", "add", "relu"]);
  });

  test("a batch norm with running statistics into the convolution, with shortcut and activation", () => {
    const y = batchNorm2d(conv2d(image(), kernel()), parameters, running, 1e-5);
    assert.deepEqual(fused(relu(add(y, image("shortcut")))), ["batchNormFold", "conv2d"]);
  });

  test("also behind a bias of the convolution, which goes into the shift", () => {
    const kernelBias = input("kernelBias", [4]);
    const biased = conv2d(image(), kernel(), {}, kernelBias);
    const graph = graphOf({ y: relu(batchNorm2d(biased, parameters, running, 1e-5)) });
    const folded = passes.fuse(graph);
    assert.deepEqual(opsOf(folded), ["batchNormFold", "conv2d"]);
    assert.equal(folded.nodes[0]!.inputs["convBias"], kernelBias);
    const values = Object.fromEntries(
      [...graph.leaves].map(([{ shape }, name], i) => [
        name,
        randomArray(shape, i, name === "variance" ? { scale: 0.5, center: 1 } : {}),
      ]),
    );
    const before = interpretAll(graph, values)["y"]!;
    assertClose(interpretAll(folded, values)["y"]!.data, before.data, { rtol }, "y");
    assert.ok(
      before.data.some((value) => value > 0),
      "not all is cut off",
    );
  });

  test("but not behind an activation or a residual of the convolution", () => {
    const attrs = { stride: 1, padding: 0, groups: 1, activation: "none", slope: 0 } as const;
    const operands = { x: image(), weight: kernel(), residual: image("shortcut") };
    const sum = conv2dOp.trace(operands, attrs).y;
    assert.deepEqual(fused(batchNorm2d(sum, parameters, running, 1e-5)), ["conv2d", "batchNorm2d"]);
    const active = relu(conv2d(image(), kernel()));
    assert.deepEqual(fused(batchNorm2d(active, parameters, running, 1e-5)), [
      "conv2d",
      "batchNorm2d",
    ]);
  });

  test("the activation's gradient into both backward passes of a batch norm", () => {
    const x = image();
    const dy = image("dy");
    const y = relu(batchNorm2dTraining(x, parameters, 1e-5).y);
    const by = [x, parameters.weight, parameters.bias];
    const [dx, dweight, dbias] = [...gradientsUnder(y, dy, by).values()];
    const graph = passes.fuse(graphOf({ dx: dx!, dweight: dweight!, dbias: dbias! }));
    assert.deepEqual(opsOf(graph).slice(-2), ["batchNormParamGrad", "batchNormInputGrad"]);
    assert.ok(!opsOf(graph).includes("reluGrad"));
    for (const node of graph.nodes.slice(-2)) assert.ok(node.inputs["y"], "both mask dy by y");
  });

  test("the masked gradient is written once where the shortcut wants it too", () => {
    const x = image();
    const projection = kernel();
    const shortcut = conv2d(image("shortcut"), projection);
    const y = relu(add(batchNorm2dTraining(x, parameters, 1e-5).y, shortcut));
    const [dx, dkernel] = [...gradientsUnder(y, image("dy"), [x, projection]).values()];
    const graph = passes.fuse(graphOf({ dx: dx!, dkernel: dkernel! }));
    const source = graph.outputs["dkernel"]!.node!.inputs["dy"]!.node!;
    assert.equal(source.op.name, "batchNormParamGrad");
    assert.equal(source.outputs["dz"], graph.outputs["dx"]!.node!.inputs["dy"]);
    assert.ok(!opsOf(graph).includes("reluGrad"));
  });

  test("the second summand of a gradient into the convolution's", () => {
    const x = image();
    const y = add(conv2d(x, kernel()), x);
    const [dx] = [...gradientsUnder(y, image("dy"), [x]).values()];
    assert.deepEqual(fused(dx!), ["conv2dInputGrad"]);
  });
});
