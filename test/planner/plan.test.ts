import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { graphOf } from "../../src/graph/graph.js";
import { input, state } from "../../src/graph/tensor.js";
import { resnet152 } from "../../src/models/resnet.js";
import { add } from "../../src/ops/add.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { linear } from "../../src/ops/linear.js";
import { relu } from "../../src/ops/relu.js";
import { opsByName } from "../../src/ops/registry.js";
import { lower, plan } from "../../src/planner/plan.js";
import type { BufferSpec, Program } from "../../src/program/program.js";
import { verifyProgram } from "../../src/program/verify.js";
import { bytesPerElement, sizeOf } from "../../src/tensor/shape.js";
import { residentTracer } from "../../src/train/sources/resident-source.js";
import { sgd } from "../../src/train/optimizers.js";
import { traceTrainStep } from "../../src/train/step.js";
import { assertClose } from "../helpers/assert-close.js";
import { executorsUnderTest } from "../helpers/executors.js";
import { gradientsUnder } from "../helpers/gradient-check.js";
import { interpretAll } from "../helpers/interpret.js";
import { randomGraph } from "../helpers/random-network.js";
import { runGraph } from "../helpers/run.js";

const bytes = ({ shape, dtype }: BufferSpec): number => sizeOf(shape) * bytesPerElement[dtype];

/** Every output that has the memory of an input although the op's `inPlace` does not say so. */
function wrongSharing({ buffers, instructions }: Program): string[] {
  const overlap = (a: BufferSpec, b: BufferSpec): boolean => {
    if (a.place !== "arena" || b.place !== "arena") return a === b;
    return a.offset < b.offset + bytes(b) && b.offset < a.offset + bytes(a);
  };
  return instructions.flatMap(({ op, inputs, outputs }, i) =>
    Object.entries(outputs).flatMap(([output, to]) =>
      Object.entries(inputs)
        .filter(([, from]) => overlap(buffers[to]!, buffers[from]!))
        .filter(([operand]) => !opsByName.get(op)!.inPlace?.[output]?.includes(operand))
        .map(([operand]) => `instruction ${i}, ${op}: ${output} over ${operand}`),
    ),
  );
}

describe("plan", () => {
  for (const training of [true, false]) {
    test(`100 random networks in ${training ? "training" : "evaluation"} verify`, () => {
      for (let seed = 0; seed < 100; seed++) {
        const { graph } = randomGraph(seed, training);
        for (const make of [lower, plan]) {
          const program = make("random", graph);
          verifyProgram(program);
          assert.deepEqual(wrongSharing(program), [], `seed ${seed}`);
        }
      }
    });
  }

  test("training ResNet-152 verifies, in much less memory than its values add up to", () => {
    const normalize = { mean: [0, 0, 0], std: [1, 1, 1] };
    const source = residentTracer("train", [4, 64, 64, 3], normalize);
    const optimizer = sgd({ momentum: 0.9 });
    const graph = traceTrainStep(resnet152(), { source, batchSize: 2, optimizer });
    const program = plan("train-step", graph);
    verifyProgram(program);
    assert.deepEqual(wrongSharing(program), []);
    const arena = program.buffers.filter(({ place }) => place === "arena");
    const sum = arena.reduce((total, buffer) => total + bytes(buffer), 0);
    // Backward keeps about every second activation; gradients and the rest of them share.
    assert.ok(program.arenaBytes < 0.5 * sum, `${program.arenaBytes} of ${sum} bytes`);
    const peak = Math.max(
      ...arena.map((buffer) => (buffer.place === "arena" ? buffer.offset + bytes(buffer) : 0)),
    );
    assert.ok(peak <= program.arenaBytes);
  });

  test("a convolution that reads its own shortcut does not write over it", () => {
    const x = input("x", [3, 3, 2, 4]);
    const kernel = input("kernel", [3, 3, 4, 4]);
    const first = relu(x);
    const y = relu(add(conv2d(first, kernel, { padding: 1 }), first));
    const program = plan("shortcut", graphOf({ y }));
    assert.deepEqual(
      program.instructions.map(({ op }) => op),
      ["relu", "conv2d"],
    );
    assert.deepEqual(wrongSharing(program), []);
  });

  test("nor does the gradient of a convolution over the gradient that it reads", () => {
    const x = input("x", [3, 3, 2, 4]);
    const y = relu(add(conv2d(x, input("kernel", [3, 3, 4, 4]), { padding: 1 }), x));
    const [dx] = [...gradientsUnder(y, input("dy", y.shape), [x]).values()];
    assert.deepEqual(wrongSharing(plan("shortcut", graphOf({ dx: dx! }))), []);
  });

  test("refuses a new state that its op cannot write in place", () => {
    const old = state("old", [2, 2]);
    const weight = input("weight", [2, 2]);
    const graph = graphOf({}, new Map([[old, linear(old, weight)]]));
    assert.throws(() => plan("update", graph), {
      name: "ResnetError",
      code: "ERR_PLAN",
      message: "linear cannot compute the new value of old in its place",
    });
  });

  test("computes a new state that does not depend on the old one in the state's own memory", () => {
    const old = state("old", [2]);
    const graph = graphOf({ before: relu(old) }, new Map([[old, relu(input("x", [2]))]]));
    const { instructions, buffers } = plan("update", graph);
    const places = instructions.map(({ outputs }) => buffers[outputs["y"]!]!.place);
    assert.deepEqual(places, ["arena", "state"]); // the old value is read first
  });

  test("leaves out optional outputs that nobody reads", () => {
    const x = input("x", [2, 2, 1, 1]);
    const program = plan("conv", graphOf({ y: conv2d(x, input("kernel", [1, 1, 1, 1])) }));
    assert.deepEqual(Object.keys(program.instructions[0]!.outputs), ["y"]);
  });
});

for (const executor of executorsUnderTest) {
  describe(`planned programs on ${executor.name}`, () => {
    for (const training of [true, false]) {
      test(`compute what the graph says, 40 random networks, training ${training}`, async (t) => {
        for (let seed = 0; seed < 40; seed++) {
          const { graph, values } = randomGraph(seed, training, 7);
          const expected = interpretAll(graph, values);
          const running = executor.create();
          t.after(() => running.close());
          const outputs = await runGraph(graph, values, { executor: running });
          for (const [leaf, name] of graph.leaves) {
            if (graph.updates.has(leaf))
              Object.assign(outputs, { [`new ${name}`]: await running.read(name) });
          }
          for (const [key, { data }] of Object.entries(expected)) {
            // float32 against float64 through up to 7 layers; a wrong buffer is off by about 1.
            // Gradients that cancel to nothing behind a batch norm are held against 1.
            assertClose(outputs[key]!.data, data, { rtol: 1e-4, atol: 1e-5 }, `${seed}, ${key}`);
          }
        }
      });
    }
  });
}

test("equal graphs plan to equal programs", () => {
  const make = (): Program => plan("x", randomGraph(5, true).graph);
  assert.deepEqual(make(), make());
});
