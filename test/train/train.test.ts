import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import "../../src/node/native/register.js";
import type { CheckpointDescription } from "../../src/checkpoint/description.js";
import { createExecutor } from "../../src/executors/create-executor.js";
import { writeCheckpoint } from "../../src/node/runs/checkpoint-file.js";
import { sourceOf, writeSafetensors } from "../../src/interop/write-safetensors.js";
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

  test("takes the head of weights only for the classes that it is of", async (t) => {
    const file = path.join(scratchFolder(t), "trained.safetensors");
    const model = createModel("cifar-resnet20", { classes: 3, channels: 2 });
    const state = initialState(model, 9);
    const [, height = 0, width = 0] = data.train.images.shape;
    const description: CheckpointDescription = {
      model: "cifar-resnet20",
      classes: ["x", "y", "z"],
      imageShape: [height, width, 2],
      normalize: config.normalize,
      epoch: 1,
    };
    await writeCheckpoint(file, description, sourceOf(state));
    const signal = AbortSignal.abort(); // the first weights are the result
    const notices: string[] = [];
    const onNotice = (notice: string) => notices.push(notice);
    const { weights } = await train({ ...config, init: file }, data, { signal, onNotice });
    assert.deepEqual(weights.get("conv1.weight"), state.get("conv1.weight"));
    assert.deepEqual(
      weights.get("linear.bias"),
      initialState(model, config.seed).get("linear.bias"),
    );
    const found = data.train.classes.join(", ");
    assert.deepEqual(notices, [
      `${file} tells apart x, y, z, and the images are of ${found}: its head is not taken`,
    ]);
  });

  test("can follow another training of any size on one executor, and leaves nothing in it", async (t) => {
    const executor = await createExecutor("auto");
    t.after(() => executor.close());
    const other = { train: randomDataset(12, 4), valid: randomDataset(9, 5) };
    const alone = await train(config, other);
    await train(config, data, { executor });
    assert.equal(executor.states().size, 0);
    const after = await train(config, other, { executor });
    assert.deepEqual(after.weights, alone.weights);
    const [first, second] = await Promise.all([
      train(config, other, { executor }),
      train(config, data, { executor }),
    ]);
    assert.deepEqual(first.weights, alone.weights);
    assert.equal(second.epochs.length, 3);
    assert.equal(executor.states().size, 0);
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
