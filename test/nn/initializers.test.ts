import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Conv2d } from "../../src/nn/conv2d.js";
import {
  constantInit,
  fans,
  kaimingNormal,
  kaimingUniform,
  normalInit,
  orthogonal,
  torchDefault,
  torchDefaultBias,
  uniformInit,
  truncNormal,
  xavierNormal,
  xavierUniform,
  type Initializer,
} from "../../src/nn/initializers.js";
import { Linear } from "../../src/nn/linear.js";
import { randomKey } from "../../src/tensor/random.js";
import { resnet18 } from "../../src/models/resnet.js";

const key = randomKey(1, "initializers");

/** 64 outputs, 32 inputs, 3×3: PyTorch's order, fan in 288, fan out 576. */
const shape = [64, 32, 3, 3];
const size = 64 * 32 * 9;

function moments(values: Float32Array): { mean: number; deviation: number; largest: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return { mean, deviation: Math.sqrt(variance), largest };
}

test("fans count inputs and outputs of a weight in PyTorch's order", () => {
  assert.deepEqual(fans(shape), { fanIn: 288, fanOut: 576 });
  assert.deepEqual(fans([10, 512]), { fanIn: 512, fanOut: 10 });
});

describe("initialisers", () => {
  // Bounds and deviations from the formulas of torch.nn.init.
  for (const [name, initializer, deviation] of [
    ["kaimingNormal by fan in", kaimingNormal(), Math.sqrt(2 / 288)],
    ["kaimingNormal by fan out", kaimingNormal({ mode: "fanOut" }), Math.sqrt(2 / 576)],
    ["kaimingNormal with a slope", kaimingNormal({ slope: 2 }), Math.sqrt(2 / 5 / 288)],
    ["xavierNormal", xavierNormal(3), 3 * Math.sqrt(2 / (288 + 576))],
    ["normalInit", normalInit(0.02), 0.02],
  ] as const) {
    test(`${name}: mean 0, deviation √(2 / fan)`, () => {
      const found = moments(initializer(shape, key));
      // Five standard errors.
      assert.ok(Math.abs(found.mean) < (5 * deviation) / Math.sqrt(size), `${found.mean}`);
      assert.ok(Math.abs(found.deviation / deviation - 1) < 5 / Math.sqrt(2 * size));
      assert.ok(found.largest > 3 * deviation, "a normal distribution has tails");
    });
  }

  for (const [name, initializer, bound] of [
    ["xavierUniform", xavierUniform(), Math.sqrt(6 / (288 + 576))],
    ["kaimingUniform", kaimingUniform({ slope: Math.sqrt(5) }), 1 / Math.sqrt(288)],
    ["torchDefault", torchDefault, 1 / Math.sqrt(288)],
    ["torchDefaultBias", torchDefaultBias(288), 1 / Math.sqrt(288)],
    ["uniformInit", uniformInit(0.3), 0.3],
  ] as readonly (readonly [string, Initializer, number])[]) {
    test(`${name}: uniform up to its bound`, () => {
      const found = moments(initializer(shape, key));
      const deviation = bound / Math.sqrt(3);
      assert.ok(Math.abs(found.mean) < (5 * deviation) / Math.sqrt(size), `${found.mean}`);
      assert.ok(Math.abs(found.deviation / deviation - 1) < 5 / Math.sqrt(size));
      // The bound itself may round up by half an ulp.
      assert.ok(found.largest <= bound * (1 + 2 ** -24) && found.largest > 0.99 * bound);
    });
  }

  test("constantInit", () => {
    assert.deepEqual(constantInit(1)([3], key), Float32Array.of(1, 1, 1));
  });
});

describe("first values of a parameter", () => {
  const { weight } = new Linear(20, 30);

  test("are the same bits for the same seed and name, and others for other ones", () => {
    const first = weight.initialize(1, "fc.weight");
    assert.deepEqual(weight.initialize(1, "fc.weight"), first);
    assert.notDeepEqual(weight.initialize(2, "fc.weight"), first);
    assert.notDeepEqual(weight.initialize(1, "fc2.weight"), first);
  });

  test("come in PyTorch's shape", () => {
    assert.deepEqual(weight.initialize(1, "fc.weight").shape, [30, 20]);
    assert.deepEqual(new Conv2d(4, 6, 3, { groups: 2 }).weight.torchShape, [6, 2, 3, 3]);
  });

  test("a grouped convolution's bias has the bound of the inputs that feed one output", () => {
    const { bias } = new Conv2d(400, 200, 3, { groups: 4, bias: true });
    const { largest } = moments(bias!.initialize(1, "bias").data);
    const bound = 1 / Math.sqrt(100 * 9);
    assert.ok(largest <= bound && largest > 0.9 * bound, `${largest} for ${bound}`);
  });

  test("ResNet: convolutions He-normal by fan out, norms 1 and 0, the classifier as in PyTorch", () => {
    const { layer4, bn1, fc } = resnet18();
    const { conv2 } = Object.values(layer4)[1] as unknown as { readonly conv2: Conv2d };
    const found = moments(conv2.weight.initialize(3, "layer4.1.conv2.weight").data);
    assert.ok(Math.abs(found.deviation / Math.sqrt(2 / (512 * 9)) - 1) < 0.01);
    assert.deepEqual(new Set(bn1.weight.initialize(1, "bn1.weight").data), new Set([1]));
    assert.deepEqual(new Set(bn1.bias.initialize(1, "bn1.bias").data), new Set([0]));
    assert.deepEqual(new Set(bn1.running_var.initialize(1, "bn1.running_var").data), new Set([1]));
    assert.ok(moments(fc.weight.initialize(1, "fc.weight").data).largest <= 1 / Math.sqrt(512));
  });
});

test("truncNormal has no value beyond two deviations, and their share of the variance less", () => {
  const found = moments(truncNormal(0.5)(shape, key));
  assert.ok(found.largest <= 1, `${found.largest}`);
  assert.ok(found.largest > 0.99);
  // The variance of a standard normal that is cut at ±2: 1 − 4φ(2) / (2Φ(2) − 1) = 0.7737.
  assert.ok(Math.abs(found.deviation / 0.5 - Math.sqrt(0.7737)) < 0.01, `${found.deviation}`);
});

for (const [rows, columns] of [
  [6, 20],
  [20, 6],
] as const) {
  test(`orthogonal has ${rows < columns ? "rows" : "columns"} of one length at right angles, [${rows}, ${columns}]`, () => {
    const values = orthogonal(2)([rows, columns / 2, 1, 2], key);
    const at = (row: number, column: number): number => values[row * columns + column]!;
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const entry = (i: number, j: number): number => (rows < columns ? at(i, j) : at(j, i));
    for (let a = 0; a < count; a++) {
      for (let b = 0; b < count; b++) {
        const product = Array.from({ length }, (_, j) => entry(a, j) * entry(b, j)).reduce(
          (x, y) => x + y,
        );
        assert.ok(Math.abs(product - (a === b ? 4 : 0)) < 1e-5, `${a} ${b} ${product}`);
      }
    }
  });
}
