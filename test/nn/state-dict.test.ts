import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { resnet18 } from "../../src/models/resnet.js";
import { BasicBlock } from "../../src/models/blocks.js";
import { AdaptiveMaxPool2d, AvgPool2d, MaxPool2d } from "../../src/nn/pooling.js";
import { BatchNorm2d } from "../../src/nn/batch-norm2d.js";
import { Conv2d } from "../../src/nn/conv2d.js";
import { Dropout } from "../../src/nn/dropout.js";
import { LeakyReLU } from "../../src/nn/leaky-relu.js";
import { Linear } from "../../src/nn/linear.js";
import { Module } from "../../src/nn/module.js";
import { ReLU } from "../../src/nn/relu.js";
import { Sequential } from "../../src/nn/sequential.js";
import { readWeights } from "../../src/node/interop/read-weights.js";
import { save } from "../../src/node/train/save.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { forward } from "../../src/train/forward.js";
import { initialState } from "../../src/checkpoint/model-state.js";

const net = (): Sequential => new Sequential(new Linear(2, 3), new ReLU(), new Linear(3, 1));

describe("a state dict", () => {
  test("has PyTorch's names and shapes, and the first values until others are loaded", () => {
    const state = new BasicBlock(2, 4, 2).stateDict(5);
    assert.deepEqual(
      [...state].map(([name, { shape }]) => [name, shape]),
      // The names and shapes of torchvision's BasicBlock(2, 4, 2, downsample), without num_batches_tracked.
      [
        ["conv1.weight", [4, 2, 3, 3]],
        ["bn1.weight", [4]],
        ["bn1.bias", [4]],
        ["bn1.running_mean", [4]],
        ["bn1.running_var", [4]],
        ["conv2.weight", [4, 4, 3, 3]],
        ["bn2.weight", [4]],
        ["bn2.bias", [4]],
        ["bn2.running_mean", [4]],
        ["bn2.running_var", [4]],
        ["downsample.0.weight", [4, 2, 1, 1]],
        ["downsample.1.weight", [4]],
        ["downsample.1.bias", [4]],
        ["downsample.1.running_mean", [4]],
        ["downsample.1.running_var", [4]],
      ],
    );
    assert.deepEqual(state, new Map(initialState(new BasicBlock(2, 4, 2), 5)));
  });

  test("that was loaded is what forward computes with", async () => {
    const model = net();
    const x = hostArray([1, 2], [1, -2]);
    model.loadStateDict(
      new Map([
        ["0.weight", hostArray([3, 2], [1, 0, 0, 1, 1, 1])],
        ["0.bias", hostArray([3], [0, 0, 4])],
        ["2.weight", hostArray([1, 3], [10, 100, 1000])],
        ["2.bias", hostArray([1], [0.5])],
      ]),
    );
    // relu([1, -2, 3]) = [1, 0, 3], times [10, 100, 1000], plus 0.5.
    assert.deepEqual([...(await forward(model, x)).data], [3010.5]);
  });

  test("that does not fit is refused with every name, and nothing changes", () => {
    const model = net();
    const before = model.stateDict();
    const wrong = new Map([
      ["0.weight", hostArray([3, 2])],
      ["0.bias", hostArray([4])],
      ["2.weight", hostArray([1, 3])],
      ["3.bias", hostArray([1])],
    ]);
    assert.throws(() => model.loadStateDict(wrong), {
      code: "ERR_CHECKPOINT",
      message: `these weights are not of this model:
  wrong shape 0.bias [4], the model has [3]
  missing     2.bias [1]
  unexpected  3.bias`,
    });
    assert.throws(() => model.loadStateDict(wrong, { strict: false }), {
      message: "these weights are not of this model:\n  wrong shape 0.bias [4], the model has [3]",
    });
    assert.deepEqual(model.stateDict(), before);
    wrong.delete("0.bias");
    assert.deepEqual(model.loadStateDict(wrong, { strict: false }), {
      missing: ["0.bias", "2.bias"],
      unexpected: ["3.bias"],
    });
  });

  test("comes back from a file", async (t) => {
    const directory = await mkdtemp(path.join(tmpdir(), "state-"));
    t.after(() => rm(directory, { recursive: true }));
    const file = path.join(directory, "net.safetensors");
    const [model, other] = [net(), net()];
    model.loadStateDict(model.stateDict(7));
    await save(model, file);
    other.loadStateDict(await readWeights(file));
    assert.deepEqual(other.stateDict(), model.stateDict(7));
    await assert.rejects(save(model, path.join(directory, "net.pth")), {
      code: "ERR_FORMAT",
      message: /save writes safetensors, and the name has another ending/,
    });
  });
});

describe("a module as text", () => {
  test("is the tree of its layers with their options", () => {
    assert.equal(
      String(new BasicBlock(2, 4, 2)),
      `BasicBlock(
  (conv1): Conv2d(2, 4, 3, { stride: 2, padding: 1, bias: false })
  (bn1): BatchNorm2d(4)
  (conv2): Conv2d(4, 4, 3, { padding: 1, bias: false })
  (bn2): BatchNorm2d(4)
  (downsample): Sequential(
    (0): Conv2d(2, 4, 1, { stride: 2, bias: false })
    (1): BatchNorm2d(4)
  )
)`,
    );
  });

  test("names the modules of an array by their numbers", () => {
    class Many extends Module {
      readonly layers = [new Linear(1, 2, { bias: false }), new LeakyReLU(0.2)];
      protected override forward = (): never => {
        throw new Error("not called");
      };
    }
    assert.equal(
      String(new Many()),
      "Many(\n  (layers.0): Linear(1, 2, { bias: false })\n  (layers.1): LeakyReLU(0.2)\n)",
    );
  });

  test("has a line for each layer of ResNet-18", () => {
    // torchvision prints 68 modules; it has a ReLU in each block and one after the stem, which are functions here.
    const text = String(resnet18());
    assert.equal(text.match(/Conv2d\(/g)?.length, 20);
    assert.equal(text.match(/BatchNorm2d\(/g)?.length, 20);
    assert.match(text, /\(fc\): Linear\(512, 1000\)\n\)$/);
  });
});

describe("the arguments of layers", () => {
  for (const [make, message] of [
    [
      () => new Conv2d(1, 1, 3, { dilaton: 2 } as never),
      /^Conv2d has no option "dilaton".*: its options are stride, padding, /,
    ],
    [
      () => new Conv2d(1, 0, 3),
      "Conv2d: outChannels is 0, but it must be a whole number of 1 or more",
    ],
    [
      () => new Conv2d(1, 1, 3, { padding: -1 }),
      "Conv2d: padding is -1, but it must be a whole number of 0 or more",
    ],
    [
      () => new Conv2d(1, 1, 3, 2 as never),
      /^Conv2d: the options are 2, but they must be an object /,
    ],
    [
      () => new Linear("10" as never, 2),
      'Linear: inFeatures is "10", but it must be a whole number of 1 or more',
    ],
    [
      () => new Linear(1, 2, { in_bias: true } as never),
      'Linear has no option "in_bias" (did you mean bias?): its options are bias, initializer',
    ],
    [
      () => new BatchNorm2d(2.5),
      "BatchNorm2d: channels is 2.5, but it must be a whole number of 1 or more",
    ],
    [
      () => new BatchNorm2d(2, { momentum: 1.5 }),
      "BatchNorm2d: momentum is 1.5, but it must be a number from 0 to 1",
    ],
    [
      () => new MaxPool2d(NaN),
      "MaxPool2d: kernel is NaN, but it must be a whole number of 1 or more",
    ],
    [
      () => new AvgPool2d(2, { strides: 2 } as never),
      'AvgPool2d has no option "strides" (did you mean stride?): its options are stride, padding, ceilMode, countIncludePad',
    ],
    [
      () => new AdaptiveMaxPool2d(2),
      /^AdaptiveMaxPool2d: the output size is 2, but only 1 is supported/,
    ],
    [() => new Dropout(-0.1), "Dropout: probability is -0.1, but it must be a number from 0 to 1"],
  ] as const) {
    test(String(message), () => {
      assert.throws(make, { code: "ERR_ARGUMENT", message });
    });
  }
});
