import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gradients } from "../../src/autodiff/gradients.js";
import { graphOf } from "../../src/graph/graph.js";
import { inModule } from "../../src/graph/trace.js";
import { input, type Tensor } from "../../src/graph/tensor.js";
import { adaptiveAvgPool2d } from "../../src/ops/adaptive-avg-pool2d.js";
import { add } from "../../src/ops/add.js";
import { batchNormFoldOp } from "../../src/ops/batch-norm-fold.js";
import { batchNorm2d } from "../../src/ops/batch-norm2d.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { flatten } from "../../src/ops/flatten.js";
import { relu } from "../../src/ops/relu.js";
import { softmaxCrossEntropy } from "../../src/ops/softmax-cross-entropy.js";
import { fuse } from "../../src/planner/fuse.js";
import { randomArray, randomIntegers } from "../helpers/arrays.js";
import { checkGradients } from "../helpers/gradient-check.js";
import { evaluate } from "../helpers/interpret.js";

const opsOf = (tensor: Tensor): string[] => graphOf({ tensor }).nodes.map(({ op }) => op.name);

describe("gradients", () => {
  test("of a tensor by itself is 1", () => {
    const loss = input("loss", []);
    const gradient = gradients(loss, [loss]).get(loss)!;
    assert.deepEqual([...evaluate(gradient, {}).data], [1]);
  });

  test("a tensor read n times gets the sum of n gradients", () => {
    const x = input("x", []);
    const loss = add(add(x, x), add(x, add(x, x)));
    const gradient = gradients(loss, [x]).get(x)!;
    assert.deepEqual([...evaluate(gradient, {}).data], [5]);
  });

  test("through a block with two ways, a shared weight and a loss", () => {
    checkGradients(
      ({ x, weight, labels }) => {
        const y = relu(
          add(conv2d(conv2d(x!, weight!, { padding: 1 }), weight!, { padding: 1 }), x!),
        );
        return softmaxCrossEntropy(flatten(adaptiveAvgPool2d(y)), labels!, { smoothing: 0.1 }).loss;
      },
      {
        x: randomArray([4, 3, 2, 3], 1),
        weight: randomArray([3, 3, 3, 3], 2, { scale: 0.5 }),
        labels: randomIntegers([2], 3, 3, "i32"),
      },
    );
  });

  test("by a tensor in the middle, without what lies before it", () => {
    const x = input("x", [2, 2, 1, 1]);
    const middle = relu(x);
    const loss = adaptiveAvgPool2d(relu(middle));
    const gradient = gradients(loss, [middle]).get(middle)!;
    assert.equal(opsOf(gradient).filter((name) => name === "reluGrad").length, 1);
  });

  test("visits nothing that leads to no target", () => {
    const x = input("x", [2, 2, 1, 3]);
    const weight = input("weight", [1, 1, 3, 2]);
    const loss = adaptiveAvgPool2d(conv2d(relu(x), weight));
    const gradient = gradients(loss, [weight]).get(weight)!;
    assert.ok(!opsOf(gradient).includes("reluGrad"));
    assert.ok(!opsOf(gradient).includes("conv2dInputGrad"));
  });

  test("refuses a target that the loss does not depend on", () => {
    const [x, other] = [input("x", []), input("other", [])];
    assert.throws(() => gradients(add(x, x), [other]), {
      name: "ResnetError",
      code: "ERR_GRADIENT",
      message: "the loss does not depend on one of the tensors to differentiate by",
    });
  });

  test("refuses to go through what is fused, whose gradients would leave parts out", () => {
    const x = input("x", [4, 4, 1, 2]);
    const weight = input("weight", [1, 1, 2, 2]);
    const [mean, variance, scale, bias] = ["m", "v", "s", "b"].map((name) => input(name, [2]));
    const normalized = batchNorm2d(
      x,
      { weight: scale!, bias: bias! },
      { mean: mean!, variance: variance! },
      1e-5,
    );
    const fused = (y: Tensor): Tensor => fuse(graphOf({ y })).outputs["y"]!;
    const y = conv2d(x, weight);
    assert.throws(() => gradients(fused(relu(add(y, x))), [weight]), {
      code: "ERR_GRADIENT",
      message:
        "conv2d with residual and relu fused into it has no gradient: trace gradients before graphs are fused",
    });
    assert.throws(() => gradients(fused(relu(normalized)), [x]), {
      code: "ERR_GRADIENT",
      message: /^batchNorm2d with relu fused into it/,
    });
  });

  test("refuses to go through an op that has no gradient, and says where it stands", () => {
    const [mean, variance, weight, bias] = ["m", "v", "w", "b"].map((name) => input(name, [1]));
    const operands = { mean: mean!, variance: variance!, weight: weight!, bias: bias! };
    const fold = (): Tensor => batchNormFoldOp.trace(operands, { eps: 1e-5 }).scale;
    assert.throws(() => gradients(fold(), [weight!]), {
      code: "ERR_GRADIENT",
      message: "batchNormFold has no gradient",
    });
    assert.throws(() => gradients(inModule("layer1.bn1", fold), [weight!]), {
      code: "ERR_GRADIENT",
      message: "batchNormFold in layer1.bn1 has no gradient",
    });
  });
});
