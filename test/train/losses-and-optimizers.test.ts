// Losses and optimizers made of general ops, against PyTorch's and timm's numbers.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { add, mul, sub } from "../../src/functional/elementwise.js";
import { tensor } from "../../src/functional/constants.js";
import { matmul } from "../../src/functional/products.js";
import { sum } from "../../src/functional/reductions.js";
import { concat } from "../../src/functional/shapes.js";
import type { Tensor } from "../../src/graph/tensor.js";
import { Conv2d } from "../../src/nn/conv2d.js";
import { Linear } from "../../src/nn/linear.js";
import { Module } from "../../src/nn/module.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { createSession } from "../../src/train/create-session.js";
import {
  bceWithLogits,
  crossEntropy,
  huberLoss,
  l1Loss,
  mseLoss,
  type Loss,
  type Targets,
} from "../../src/train/loss.js";
import { lamb, lars, rmsprop } from "../../src/train/more-optimizers.js";
import { sgd, type Optimizer } from "../../src/train/optimizers.js";
import { ownOptimizer } from "../../src/train/own-optimizer.js";
import { ulp } from "../helpers/assert-close.js";
import { executorsUnderTest } from "../helpers/executors.js";
import { draw, lossesFixture, optimizersFixture } from "../helpers/fixtures.js";

/** A model whose outputs are its input, so that the gradient of the input is that of the loss. */
class Itself extends Module {
  readonly scale = new Linear(1, 1, { bias: false }); // a session trains something
  protected override forward(x: Tensor): Tensor {
    const one = this.scale.weight;
    return mul(x, add(mul(one, 0), 1));
  }
}

const losses: Readonly<Record<string, (options: object) => Loss<Targets>>> = {
  crossEntropy: (options) => crossEntropy(options),
  mseLoss: () => mseLoss as Loss<Targets>,
  l1Loss: () => l1Loss as Loss<Targets>,
  huberLoss: (options) => huberLoss((options as { delta: number }).delta) as Loss<Targets>,
  bceWithLogits: () => bceWithLogits as Loss<Targets>,
};

/** PyTorch's float32 is off by its deviation; ours may be off by four times that, and by some roundings of the largest value. */
const near = (found: ArrayLike<number>, expected: readonly number[], deviation: number): void => {
  assert.equal(found.length, expected.length);
  const largest = Math.max(1, ...expected.map(Math.abs));
  expected.forEach((value, i) => {
    const distance = Math.abs(found[i]! - value);
    assert.ok(distance <= 4 * deviation + 8 * ulp * largest, `${i}: ${found[i]} ${value}`);
  });
};

for (const { name, create } of executorsUnderTest) {
  describe(`losses on ${name}`, () => {
    const { seed, samples, classes, cases } = lossesFixture();
    for (const { loss, options, targets, value, gradient, deviation } of cases) {
      test(`${loss} ${JSON.stringify(options)}, ${targets.length > samples ? "values" : "labels"}`, async (t) => {
        const executor = create();
        t.after(() => executor.close());
        const made = losses[loss]!(options);
        let total: Loss<Targets> = made;
        if (value.length > 1)
          total = (outputs, target) => {
            const { loss: each } = made(outputs, target) as { loss: Tensor };
            return { loss: sum(each), each };
          };
        const session = await createSession(new Itself(), {
          executor,
          optimizer: sgd(),
          loss: total,
        });
        await session.watch(".grad");
        const images = draw(seed, "outputs", { shape: [samples, classes], scale: 3 });
        const isLabels = targets.length === samples;
        const batch = {
          images: hostArray(images.shape, images.data as Float32Array),
          targets: isLabels
            ? hostArray([samples], targets, "i32")
            : hostArray([samples, classes], targets),
        };
        const result = await session.step(batch, { learningRate: 0 });
        near(value.length > 1 ? result.values["each"]!.data : [result.loss], value, deviation);
        near(result.values[".grad"]!.data, gradient, deviation);
      });
    }
  });

  describe(`optimizers on ${name}`, () => {
    const { seed, batch, features, classes, steps, cases } = optimizersFixture();
    const makers: Readonly<Record<string, (options: object) => Optimizer>> = {
      rmsprop,
      lars,
      lamb,
    };
    for (const { optimizer, options, deviation, weight, bias } of cases) {
      test(`${optimizer} ${JSON.stringify(options)}`, async (t) => {
        const executor = create();
        t.after(() => executor.close());
        const { learningRate, ...rest } = options;
        const drawn = (key: string, shape: readonly number[]) => {
          const { data } = draw(seed, key, { shape, scale: 1 });
          return hostArray(shape, data as Float32Array);
        };
        const session = await createSession(new Linear(features, classes), {
          executor,
          optimizer: makers[optimizer]!(rest),
          weights: new Map([
            ["weight", drawn("weight", [classes, features])],
            ["bias", drawn("bias", [classes])],
          ]),
        });
        const labels = draw(seed, "labels", { shape: [batch], below: classes });
        const data = { images: drawn("x", [batch, features]), targets: labels };
        for (let step = 0; step < steps; step++) await session.step(data, { learningRate });
        const found = await session.weights();
        near(found.get("weight")!.data as Float32Array, weight, deviation);
        near(found.get("bias")!.data as Float32Array, bias, deviation);
      });
    }

    test("an own one of momentum gives what sgd gives", async (t) => {
      const executors = [create(), create()] as const;
      for (const each of executors) t.after(() => each.close());
      const own = ownOptimizer(({ parameter, gradient, learningRate, state }) => {
        const velocity = add(mul(state("velocity"), 0.9), gradient);
        return { parameter: sub(parameter, mul(velocity, learningRate)), velocity };
      });
      const [mine, theirs] = await Promise.all(
        [own, sgd({ momentum: 0.9 })].map((optimizer, i) =>
          createSession(new Linear(2, 3), { executor: executors[i]!, optimizer, clipNorm: 0.1 }),
        ),
      );
      const data = {
        images: hostArray([2, 2], [1, 2, 3, -4]),
        targets: hostArray([2], [0, 2], "i32"),
      };
      for (let step = 0; step < 3; step++) {
        await mine!.step(data, { learningRate: 0.1 });
        await theirs!.step(data, { learningRate: 0.1 });
      }
      const expected = (await theirs!.weights()).get("weight")!.data as Float32Array;
      near((await mine!.weights()).get("weight")!.data as Float32Array, [...expected], 0);
    });
  });
}

test("an optimizer's values must have the shape of the parameter", async (t) => {
  const executor = executorsUnderTest[0]!.create();
  t.after(() => executor.close());
  const optimizer = ownOptimizer(({ parameter }) => ({
    parameter: concat([parameter, parameter], 0),
  }));
  const session = await createSession(new Linear(2, 3), { executor, optimizer });
  const data = { images: hostArray([1, 2]), targets: hostArray([1], [0], "i32") };
  await assert.rejects(session.step(data, { learningRate: 0.1 }), {
    code: "ERR_OPTIMIZER",
    message:
      /^weight: the optimizer's new parameter is f32 \[.*\], but the parameter is f32 \[3, 2\]/,
  });
});

test("an optimizer's values keep their axes: a product of matrices is not written transposed", async (t) => {
  const executor = executorsUnderTest[0]!.create();
  t.after(() => executor.close());
  const swap = tensor([
    [0, 1],
    [1, 0],
  ]);
  const optimizer = ownOptimizer(({ parameter, name }) => ({
    parameter: name === "weight" ? matmul(swap, parameter) : parameter,
  }));
  const weights = new Map([["weight", hostArray([2, 2], [1, 2, 3, 4])]]);
  const model = new Linear(2, 2, { bias: false });
  const session = await createSession(model, { executor, optimizer, weights });
  const data = { images: hostArray([1, 2], [1, 1]), targets: hostArray([1], [0], "i32") };
  await session.step(data, { learningRate: 1 });
  assert.deepEqual([...(await session.weights()).get("weight")!.data], [3, 4, 1, 2]); // rows swapped
});

test("images as targets have the axes of the outputs; other shapes are refused", async (t) => {
  const executor = executorsUnderTest[0]!.create();
  t.after(() => executor.close());
  const model = new Conv2d(1, 1, 1, { bias: false });
  const weights = new Map([["weight", hostArray([1, 1, 1, 1], [2])]]);
  const session = await createSession(model, {
    executor,
    optimizer: sgd(),
    loss: mseLoss,
    weights,
  });
  const images = hostArray([2, 1, 1, 3], [1, 2, 3, 4, 5, 6]);
  const targets = hostArray([2, 1, 1, 3], [2, 4, 6, 8, 10, 18]);
  const { loss } = await session.step({ images, targets }, { learningRate: 0 });
  assert.equal(loss, 36 / 6); // twice the images, but for the last pixel, which is off by 6
  await assert.rejects(session.step({ images, targets: hostArray([2, 3]) }, { learningRate: 0 }), {
    code: "ERR_LOSS",
    message:
      "the targets have the shape [2, 3], but the outputs have [2, 1, 1, 3]: both must have one shape",
  });
});
