// What "Dive into Deep Learning" prints for its ResNet.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import "../../src/node/native/register.js";
import { d2lResnet18, Residual, resnetBlock } from "../../src/models/d2l-resnet.js";
import { namedParameters, namedState } from "../../src/nn/module.js";
import { Sequential } from "../../src/nn/sequential.js";
import { outputShapes } from "../../src/report/model-summary.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { forward } from "../../src/train/forward.js";

describe("Residual", () => {
  const x = hostArray([4, 3, 6, 6]);

  test("keeps the shape, or halves the image and widens it", async () => {
    const executor = "reference";
    assert.deepEqual((await forward(new Residual(3, 3), x, { executor })).shape, [4, 3, 6, 6]);
    const wider = new Residual(3, 6, { use1x1Conv: true, strides: 2 });
    assert.deepEqual((await forward(wider, x, { executor })).shape, [4, 6, 3, 3]);
  });

  test("names the addition's operands where a 1×1 convolution is missing", () => {
    assert.throws(() => outputShapes(new Residual(3, 6), [3, 6, 6]), {
      code: "ERR_SHAPE",
      message: /^add: a and b must have one shape/,
    });
  });

  test("has a bias on every convolution, in the document's order", () => {
    const names = [...namedParameters(new Residual(3, 6, { use1x1Conv: true })).keys()];
    const of = (layer: string): string[] => [`${layer}.weight`, `${layer}.bias`];
    assert.deepEqual(names, ["conv1", "conv2", "conv3", "bn1", "bn2"].flatMap(of));
  });
});

test("resnetBlock: a first block keeps the image", () => {
  const shape = (first: boolean): readonly number[] => {
    const block = resnetBlock(4, first ? 4 : 8, 2, { firstBlock: first });
    assert.equal(block.length, 2);
    return outputShapes(new Sequential(...block), [4, 6, 6]).at(-1)!.output;
  };
  assert.deepEqual(shape(true), [4, 6, 6]);
  assert.deepEqual(shape(false), [8, 3, 3]);
});

describe("the network", () => {
  for (const [pool, name] of [
    ["max", "AdaptiveMaxPool2d"],
    ["avg", "AdaptiveAvgPool2d"],
  ] as const) {
    test(`layer by layer for an image of 224×224, with a global ${pool} pool`, () => {
      const layers = outputShapes(d2lResnet18({ pool }), [1, 224, 224]);
      const outermost = layers.filter((layer) => /^\d$/.test(layer.name));
      assert.deepEqual(
        outermost.map(({ type, output }) => [type, [1, ...output]]),
        [
          ["Sequential", [1, 64, 56, 56]],
          ["Sequential", [1, 64, 56, 56]],
          ["Sequential", [1, 128, 28, 28]],
          ["Sequential", [1, 256, 14, 14]],
          ["Sequential", [1, 512, 7, 7]],
          [name, [1, 512, 1, 1]],
          ["Flatten", [1, 512]],
          ["Linear", [1, 10]],
        ],
      );
    });
  }

  test("has 18 layers with weights besides its 1×1 convolutions", () => {
    const weights = [...namedState(d2lResnet18())].filter(
      ([name, { torchShape }]) =>
        name.endsWith("weight") && torchShape.length > 1 && !name.includes("conv3"),
    );
    assert.equal(weights.length, 18);
  });
});
