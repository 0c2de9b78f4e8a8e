import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { RunningMean } from "../../src/train/running-mean.js";
import { Timer } from "../../src/train/timer.js";
import { train } from "../../src/train/train.js";
import { randomConfig, randomDataset } from "../helpers/random-dataset.js";

const data = { train: randomDataset(16, 1), valid: randomDataset(6, 2), test: randomDataset(6, 3) };
const config = randomConfig({ model: "cifar-resnet20", batch: 8, epochs: 3, learningRate: 0.01 });

describe("train", () => {
  test("trains, keeps the best, and tests", async () => {
    const { epochs, weights, best, test: tested } = await train(config, data);
    assert.equal(epochs.length, 3);
    assert.ok(epochs.every((metrics) => !("kind" in metrics)));
    assert.equal(tested!.predictions.length, 6);
    assert.deepEqual([...weights.keys()], [...best.keys()]);
    const accuracies = epochs.map(({ validAccuracy }) => validAccuracy);
    const isLastBest = accuracies.indexOf(Math.max(...accuracies)) === 2;
    const same = JSON.stringify([...weights]) === JSON.stringify([...best]);
    assert.equal(same, isLastBest, accuracies.join(", "));
  });

  test("goes on from given weights, tells of every step, and can be steered", async () => {
    const { weights } = await train(config, data);
    const losses: number[] = [];
    const { epochs } = await train({ ...config, learningRate: 1e-30 }, data, {
      weights,
      onEvent: (event, training) => {
        if (event.kind === "step") losses.push(event.loss);
        else training.stop();
      },
    });
    assert.equal(epochs.length, 1);
    assert.equal(losses.length, 2);
  });
});

describe("Timer", () => {
  test("keeps each stretch", () => {
    const timer = new Timer();
    const [first, second] = [timer.stop(), (timer.start(), timer.stop())];
    assert.deepEqual(timer.seconds, [first, second]);
    assert.equal(timer.sum, first + second);
    assert.equal(timer.mean, (first + second) / 2);
    assert.ok(first >= 0 && second >= 0);
  });
});

describe("RunningMean", () => {
  test("weighs what it is given", () => {
    const mean = new RunningMean();
    assert.ok(Number.isNaN(mean.mean));
    mean.add(1, 3);
    mean.add(5);
    assert.deepEqual([mean.mean, mean.weight], [2, 4]);
  });
});
