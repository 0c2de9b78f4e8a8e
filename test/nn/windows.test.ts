// Layers with windows of other height than width: what they compute, how they print, and what they refuse.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { GELU, HardSigmoid, HardSwish, ReLU6 } from "../../src/nn/activations.js";
import { ConvTranspose2d } from "../../src/nn/conv-transpose2d.js";
import { Conv2d } from "../../src/nn/conv2d.js";
import { GroupNorm } from "../../src/nn/group-norm.js";
import { constantInit } from "../../src/nn/initializers.js";
import { LayerNorm } from "../../src/nn/layer-norm.js";
import type { Module } from "../../src/nn/module.js";
import { AdaptiveAvgPool2d, AvgPool2d, MaxPool2d } from "../../src/nn/pooling.js";
import { Upsample } from "../../src/nn/upsample.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { forward } from "../../src/train/forward.js";

/** 0 … 11 as an image of 3 x 4. */
const image = hostArray(
  [1, 1, 3, 4],
  Array.from({ length: 12 }, (_, i) => i),
);
const ones = { initializer: constantInit(1), bias: false };

const results: readonly (readonly [Module, string, readonly number[], readonly number[]])[] = [
  // Sums of a pixel and the one two rows below it.
  [
    new Conv2d(1, 1, [2, 1], { ...ones, dilation: [2, 1] }),
    "Conv2d(1, 1, [2, 1], { dilation: [2,1], bias: false })",
    [1, 1, 1, 4],
    [8, 10, 12, 14],
  ],
  // Sums of two neighbours in a row, with a zero behind the last one.
  [
    new Conv2d(1, 1, [1, 2], { ...ones, padding: "same" }),
    'Conv2d(1, 1, [1, 2], { padding: "same", bias: false })',
    [1, 1, 3, 4],
    [1, 3, 5, 3, 9, 11, 13, 7, 17, 19, 21, 11],
  ],
  [
    new Conv2d(1, 1, 1, { ...ones, stride: [2, 3] }),
    "Conv2d(1, 1, 1, { stride: [2,3], bias: false })",
    [1, 1, 2, 2],
    [0, 3, 8, 11],
  ],
  [new MaxPool2d([3, 2]), "MaxPool2d([3, 2])", [1, 1, 1, 2], [9, 11]],
  [
    new MaxPool2d(2, { ceilMode: true }),
    "MaxPool2d(2, { ceilMode: true })",
    [1, 1, 2, 2],
    [5, 7, 9, 11],
  ],
  // The first window has three pixels of padding, which do not count.
  [
    new AvgPool2d(2, { padding: 1, countIncludePad: false }),
    "AvgPool2d(2, { padding: 1, countIncludePad: false })",
    [1, 1, 2, 3],
    [0, 1.5, 3, 6, 7.5, 9],
  ],
  // Each pixel becomes a square of 2 x 2.
  [
    new ConvTranspose2d(1, 1, 2, { ...ones, stride: [1, 2], padding: [1, 0] }),
    "ConvTranspose2d(1, 1, 2, { stride: [1,2], padding: [1,0], bias: false })",
    [1, 1, 2, 8],
    [4, 4, 6, 6, 8, 8, 10, 10, 12, 12, 14, 14, 16, 16, 18, 18],
  ],
  [new Upsample({ size: [1, 2] }), "Upsample({ size: [1,2] })", [1, 1, 1, 2], [0, 2]],
  [new AdaptiveAvgPool2d([1, 2]), "AdaptiveAvgPool2d([1, 2])", [1, 1, 1, 2], [4.5, 6.5]],
];

/** 1 and 3 have the mean 2 and the deviation 1; without eps they become -1 and 1. */
const pairs = hostArray([1, 2, 2], [1, 3, 5, 7]);
const others: readonly (readonly [Module, string, readonly number[]])[] = [
  [new LayerNorm(2, { eps: 0 }), "LayerNorm(2, { eps: 0 })", [-1, 1, -1, 1]],
  [
    new GroupNorm(2, 2, { eps: 0, affine: false }),
    "GroupNorm(2, 2, { eps: 0, affine: false })",
    [-1, 1, -1, 1],
  ],
  [new ReLU6(), "ReLU6()", [1, 3, 5, 6]],
  [new HardSigmoid(), "HardSigmoid()", [4 / 6, 1, 1, 1].map(Math.fround)],
  [new HardSwish(), "HardSwish()", [Math.fround(4 / 6), 3, 5, 7]],
];

test("layers of any shape", async () => {
  for (const [layer, text, values] of others) {
    assert.equal(String(layer), text);
    assert.deepEqual([...(await forward(layer, pairs, { executor: "reference" })).data], values);
  }
});

describe("layers with windows", () => {
  for (const [layer, text, shape, values] of results) {
    test(text, async () => {
      assert.equal(String(layer), text);
      const y = await forward(layer, image, { executor: "reference" });
      assert.deepEqual(y.shape, shape);
      assert.deepEqual([...y.data], values);
    });
  }

  const refused: readonly (readonly [() => Module, string])[] = [
    [() => new GroupNorm(2, 3), "GroupNorm: channels (3) must be divisible by groups (2)"],
    [
      () => new ConvTranspose2d(2, 3, 1, { groups: 2 }),
      "ConvTranspose2d: inChannels (2) and outChannels (3) must be divisible by groups (2)",
    ],
    [
      () => new GELU({ approximate: "erf" } as never),
      'GELU: approximate is "erf", but it must be "none" or "tanh"',
    ],
    [
      () => new Conv2d(1, 1, [3, 0]),
      "Conv2d: the width of kernel is 0, but it must be a whole number of 1 or more",
    ],
    [
      () => new Conv2d(1, 1, [3, 3, 3] as never),
      "Conv2d: kernel is [3,3,3], but it must be one number, or [height, width]",
    ],
    [
      () => new MaxPool2d(2, { padding: [-1, 0] }),
      "MaxPool2d: the height of padding is -1, but it must be a whole number of 0 or more",
    ],
  ];
  for (const [make, message] of refused)
    test(message, () => assert.throws(make, { code: "ERR_ARGUMENT", message }));
});
