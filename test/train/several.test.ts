// Models of several inputs and outputs, by position and by name.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Tensor } from "../../src/graph/tensor.js";
import { mean } from "../../src/functional/reductions.js";
import { square, sub } from "../../src/functional/elementwise.js";
import { flattenAxes } from "../../src/functional/shapes.js";
import { Linear } from "../../src/nn/linear.js";
import { Module } from "../../src/nn/module.js";
import { createSession } from "../../src/node/train/create-session.js";
import { add } from "../../src/ops/add.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { forward } from "../../src/train/forward.js";
import { sgd } from "../../src/train/optimizers.js";
import { executorsUnderTest } from "../helpers/executors.js";

interface Inputs {
  readonly image: Tensor;
  readonly depth: Tensor;
}

interface Outputs {
  readonly sum: Tensor;
  readonly depth: Tensor;
}

/** `sum` is a·(pixels of the image) + b·depth, and `depth` is b·depth. */
class Branches extends Module<Inputs, Outputs> {
  readonly a = new Linear(2, 1, { bias: false });
  readonly b = new Linear(1, 1, { bias: false });
  protected override forward({ image, depth }: Inputs): Outputs {
    const y = this.b.call(depth);
    return { sum: add(this.a.call(flattenAxes(image, 1)), y), depth: y };
  }
}

/** The two inputs in the other order. */
class Swap extends Module<readonly [Tensor, Tensor], readonly [Tensor, Tensor]> {
  protected override forward = ([a, b]: readonly [Tensor, Tensor]): [Tensor, Tensor] => [b, a];
}

const branches = (): Branches => {
  const net = new Branches();
  net.loadStateDict(
    new Map([
      ["a.weight", hostArray([1, 2], [2, 3])],
      ["b.weight", hostArray([1, 1], [5])],
    ]),
  );
  return net;
};

// Two samples: images [1, 2, 1] in the order C H W of one channel, and a depth each.
const images = {
  image: hostArray([2, 1, 2, 1], [1, 10, -1, 4]),
  depth: hostArray([2, 1], [100, -2]),
};
// 2·1 + 3·10 + 5·100 = 532; 2·(−1) + 3·4 + 5·(−2) = 0.
const sums = [532, 0];
const depths = [500, -10];

describe("a model of several inputs and outputs", () => {
  test("computes records by name and tuples by position", async () => {
    const { sum, depth } = await forward(branches(), images);
    assert.deepEqual([[...sum.data], [...depth.data]], [sums, depths]);
    const image = hostArray([1, 2, 1, 3], [1, 2, 3, 4, 5, 6]);
    const [first, second] = await forward(new Swap(), [image, images.depth]);
    assert.deepEqual([first, second], [images.depth, image]);
  });

  for (const { name, create } of executorsUnderTest) {
    test(`is trained and evaluated by a loss of all outputs on ${name}`, async (t) => {
      const executor = create();
      t.after(() => executor.close());
      const session = await createSession(branches(), {
        executor,
        optimizer: sgd(),
        loss: (outputs: Outputs, targets: { readonly depth: Tensor }) =>
          add(mean(square(sub(outputs.depth, targets.depth))), mean(outputs.sum)),
      });
      const batch = { images, targets: { depth: hostArray([2, 1], [499, -10]) } };
      // ((500 − 499)² + 0²) / 2 + (532 + 0) / 2
      assert.equal((await session.step(batch, { learningRate: 1e-3 })).loss, 266.5);
      // d/db = (2·1·100) / 2 + (100 − 2) / 2 = 149, so b = 4.851; d/da = [0, 7], so a = [2, 2.993].
      const after = await session.forward(images);
      assert.deepEqual(
        [...after.depth.data].map((value) => value.toFixed(3)),
        ["485.100", "-9.702"],
      );
      // (13.9² + 0.298²) / 2 + (2 + 29.93 + 485.1 − 2 + 11.972 − 9.702) / 2
      const { loss } = await session.evaluate([batch]);
      assert.ok(Math.abs(loss - 355.2994) < 2e-3, String(loss));
      await session.close();
    });
  }

  test("needs as many samples of each input, and a loss that takes its outputs", async () => {
    const session = await createSession(branches(), { optimizer: sgd() } as never);
    const targets = hostArray([2], [0, 0], "i32");
    const uneven = { images: { ...images, depth: hostArray([3, 1]) }, targets };
    await assert.rejects(session.step(uneven, { learningRate: 1 }), {
      code: "ERR_INPUT",
      message:
        "the images have 2 and 3 samples, but every input of a batch must have the same number",
    });
    await assert.rejects(session.step({ images, targets }, { learningRate: 1 }), {
      code: "ERR_LOSS",
      message:
        "crossEntropy takes one tensor of logits, but the model returns sum, depth: write a loss that picks one of them",
    });
    await session.close();
  });

  test("is saved with PyTorch's names, and refuses an output that is not a tensor", async () => {
    assert.deepEqual([...branches().stateDict().keys()], ["a.weight", "b.weight"]);
    class Wrong extends Module<Tensor, { readonly y: Tensor }> {
      protected override forward = (y: Tensor): { readonly y: Tensor } => ({ y, n: 3 }) as never;
    }
    await assert.rejects(forward(new Wrong(), hostArray([1, 2])), {
      code: "ERR_MODULE",
      message:
        "the forward of Wrong returned an object, but it must return a Tensor, or an array or a record of Tensors",
    });
  });
});
