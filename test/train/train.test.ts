import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import "../../src/node/native/register.js";
import { writeSafetensors } from "../../src/interop/write-safetensors.js";
import { createModel } from "../../src/models/catalog.js";
import type { TrainConfigInput } from "../../src/train/config/config.js";
import { initialState, type ModelState } from "../../src/checkpoint/model-state.js";
import { train } from "../../src/node/train/train.js";
import { randomConfig, randomDataset } from "../helpers/random-dataset.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

const data = { train: randomDataset(16, 1), valid: randomDataset(6, 2), test: randomDataset(6, 3) };
const config = randomConfig({ model: "cifar-resnet20", batch: 8, epochs: 3, learningRate: 0.01 });

describe("train", () => {
  test("trains, keeps the best, and tests", async () => {
    const { epochs, weights, best, test: tested } = await train(config, data);
    assert.equal(epochs.length, 3);
    assert.equal(tested!.predictions.length, 6);
    assert.deepEqual([...weights.keys()], [...best.keys()]);
    const accuracies = epochs.map(({ validAccuracy }) => validAccuracy);
    const isLastBest = accuracies.indexOf(Math.max(...accuracies)) === 2;
    const same = JSON.stringify([...weights]) === JSON.stringify([...best]);
    assert.equal(same, isLastBest, accuracies.join(", "));
  });

  test("of epochs of which not each is validated, the best is one that was", async () => {
    const settings = { ...config, epochs: 4, evaluateEvery: 2 };
    const after: ModelState[] = [];
    const { epochs, best } = await train(settings, data, {
      callbacks: [{ onEpoch: async (_, { session }) => after.push(await session.weights()) }],
    });
    const accuracies = epochs.map(({ validAccuracy }) => validAccuracy || 0);
    const place = accuracies.indexOf(Math.max(...accuracies));
    assert.ok(place === 1 || place === 3, accuracies.join(", "));
    assert.deepEqual(best, after[place]);
  });

  test("that is told to end before it begins has its first weights, and tests nothing", async () => {
    const signal = AbortSignal.abort();
    const {
      weights,
      best,
      test: tested,
    } = await train({ ...config, emaDecay: 0.9 }, data, { signal });
    const model = createModel("cifar-resnet20", {
      ...config.modelOptions,
      classes: 3,
      channels: 2,
    });
    assert.deepEqual([...weights], [...initialState(model, config.seed)]);
    assert.deepEqual(best, weights);
    assert.equal(tested, null);
  });

  test("begins with the weights that the configuration asks for", async (t) => {
    const still = { ...config, epochs: 1, learningRate: 1e-30, momentum: 0 }; // no weight moves
    const first = async (change: Partial<TrainConfigInput>): Promise<unknown> =>
      (await train({ ...still, ...change }, data)).weights.get("conv1.weight");
    const model = createModel("cifar-resnet20", { classes: 3, channels: 2 });
    const xavier = initialState(model, config.seed, "xavier-uniform");
    const initializer = "xavier-uniform";
    assert.deepEqual(await first({ initializer }), xavier.get("conv1.weight"));

    const folder = scratchFolder(t);
    const file = path.join(folder, "weights.safetensors");
    const other = initialState(model, 9);
    writeFileSync(file, await writeSafetensors(other, {}));
    assert.deepEqual(await first({ init: file }), other.get("conv1.weight"));
  });

  test("goes on from given weights, tells of every step, and can be steered", async () => {
    const { weights } = await train(config, data);
    const losses: number[] = [];
    const { epochs } = await train({ ...config, learningRate: 1e-30 }, data, {
      weights,
      callbacks: [
        {
          onStep: ({ loss }) => losses.push(loss),
          onEpoch: (_, training) => training.stop(),
        },
      ],
    });
    assert.equal(epochs.length, 1);
    assert.equal(losses.length, 2);
  });
});
