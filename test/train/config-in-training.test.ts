// What a configuration says arrives where it acts: in the programs of a step, in its registers and draws, and in what a
// training remembers from epoch to epoch.
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { transformSchema } from "../../src/data/transforms/transform.js";
import type { Attrs } from "../../src/tensor/attrs.js";
import type { HostArray } from "../../src/tensor/host-array.js";
import { residentSource } from "../../src/train/sources/resident-source.js";
import type { TrainConfigInput } from "../../src/train/config/config.js";
import type { EpochMetrics } from "../../src/train/epoch-metrics.js";
import { initialState, writeModelState } from "../../src/train/weights/model-state.js";
import { trainLoop, type Training } from "../../src/train/train-loop.js";
import type { TrainProgress } from "../../src/train/train-progress.js";
import { nativeExecutors, reference } from "../helpers/executors.js";
import {
  normalise,
  randomConfig,
  randomDataset,
  randomSources,
} from "../helpers/random-dataset.js";
import { recording } from "../helpers/recording.js";
import { DroppingModel, LinearModel } from "../helpers/tiny-model.js";

const [fast = reference] = nativeExecutors;

/** A training of the linear model, and all that its steps run and are given. */
async function start(t: TestContext, change: Partial<TrainConfigInput>, from?: TrainProgress) {
  const recorded = recording(fast.create());
  const { executor } = recorded;
  t.after(() => executor.close());
  const model = new LinearModel();
  const config = randomConfig({ schedule: "constant", ...change });
  await writeModelState(executor, model, initialState(model, 1));
  const options = { executor, model, config, ...(await randomSources(executor)) };
  return { ...recorded, training: await trainLoop({ ...options, ...(from && { from }) }) };
}

async function finish(training: Training): Promise<EpochMetrics[]> {
  const epochs: EpochMetrics[] = [];
  for await (const metrics of training) epochs.push(metrics);
  return epochs;
}

describe("the programs of a step", () => {
  /** The attributes of the first instruction of a kind. */
  const attrsOf = async (
    t: TestContext,
    change: Partial<TrainConfigInput>,
    op: string,
  ): Promise<Attrs> =>
    (await start(t, change)).programs[0]!.instructions.find((each) => each.op === op)!.attrs;

  test("have what the configuration says of the optimiser", async (t) => {
    const moments: Partial<TrainConfigInput> = { betas: [0.8, 0.95], eps: 1e-4, weightDecay: 0.3 };
    const adam = { beta1: 0.8, beta2: 0.95, eps: 1e-4, weightDecay: 0.3, rateFactor: 1 };
    assert.deepEqual(await attrsOf(t, { ...moments, optimizer: "adam" }, "adam"), {
      ...adam,
      decoupled: false,
    });
    assert.deepEqual(await attrsOf(t, { ...moments, optimizer: "adamw" }, "adam"), {
      ...adam,
      decoupled: true,
    });
    assert.deepEqual(await attrsOf(t, { nesterov: true, weightDecay: 0.3 }, "sgd"), {
      nesterov: true,
      weightDecay: 0.3,
      rateFactor: 1,
    });
  });

  test("have what it says of the loss", async (t) => {
    const change = { smoothing: 0.2, classWeights: [1, 2, 3] };
    assert.deepEqual(await attrsOf(t, change, "softmaxCrossEntropy"), change);
  });
});

describe("the draws of a training", () => {
  const valuesOf = (runs: readonly object[], name: string): string[] =>
    runs.map((inputs) => {
      const value = (inputs as Record<string, HostArray | number>)[name]!;
      return typeof value === "number" ? String(value) : value.data.join();
    });

  test("to mix with are others in each micro-batch of each step", async (t) => {
    const { runs, training } = await start(t, { mixup: 1, accumulate: 2, batch: 2 });
    await finish(training);
    assert.equal(runs.length, 3 * 5); // 10 rows in steps of 2 + 2, in 3 epochs
    assert.equal(new Set(valuesOf(runs, "mixShare")).size, runs.length);
    assert.deepEqual(valuesOf(runs, "mixShare"), valuesOf(runs, "labelShare"));
  });

  test("to drop out by are others in each micro-batch of each step", async (t) => {
    const { executor, runs } = recording(fast.create());
    t.after(() => executor.close());
    const model = new DroppingModel();
    const config = randomConfig({ accumulate: 2, batch: 2 });
    await writeModelState(executor, model, initialState(model, 1));
    await finish(await trainLoop({ executor, model, config, ...(await randomSources(executor)) }));
    assert.equal(new Set(valuesOf(runs, "randomKey")).size, 3 * 5);
  });

  test("to augment by are others in each epoch", async (t) => {
    const { executor, runs } = recording(fast.create());
    t.after(() => executor.close());
    const model = new LinearModel();
    const config = randomConfig({ epochs: 3, batch: 1 });
    await writeModelState(executor, model, initialState(model, 1));
    const transforms = [transformSchema.parse({ type: "randomCrop", size: [6, 5], padding: 2 })];
    const { valid } = await randomSources(executor);
    const data = randomDataset(10, 1);
    const train = await residentSource(executor, "train", data, { ...normalise, transforms });
    await finish(await trainLoop({ executor, model, config, train, valid }));
    const places = valuesOf(runs, "placement");
    const ofRow = (row: number): string[] =>
      places.filter((_, i) => valuesOf(runs, "indices")[i] === String(row));
    const kinds = Array.from({ length: 10 }, (_, row) => new Set(ofRow(row)).size);
    assert.ok(ofRow(0).length === 3 && Math.min(...kinds) > 1, kinds.join());
  });
});

describe("what a training remembers", () => {
  // Nothing moves, so that no epoch is better than the first.
  const still = { learningRate: 1e-30, momentum: 0, epochs: 8 } as const;
  const sharesOf = (epochs: readonly EpochMetrics[]): number[] =>
    epochs.map(({ learningRate }) => learningRate / still.learningRate);

  /** Trains up to the end of an epoch, keeps what JSON keeps, and goes on with another training. */
  async function resumed(t: TestContext, change: Partial<TrainConfigInput>, epoch: number) {
    const first = (await start(t, change)).training;
    const epochs: EpochMetrics[] = [];
    for await (const metrics of first) {
      epochs.push(metrics);
      if (metrics.epoch === epoch) break;
    }
    const from = JSON.parse(JSON.stringify(first.progress)) as TrainProgress;
    return [...epochs, ...(await finish((await start(t, change, from)).training))];
  }

  test("lowers the rate on a plateau, of validated epochs alone, and after a pause too", async (t) => {
    const often = { ...still, epochs: 5, schedule: "plateau:0:0.5" };
    assert.deepEqual(
      sharesOf(await finish((await start(t, often)).training)),
      [1, 1, 0.5, 0.25, 0.125],
    );
    const seldom = { ...still, schedule: "plateau:1:0.5", evaluateEvery: 2, epochs: 9 };
    const expected = [1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5];
    assert.deepEqual(sharesOf(await finish((await start(t, seldom)).training)), expected);
    for (const epoch of [3, 4, 5])
      assert.deepEqual(sharesOf(await resumed(t, seldom, epoch)), expected);
  });

  test("ends early by validated epochs alone, and after a pause too", async (t) => {
    const change = { ...still, evaluateEvery: 2, earlyStopping: { patience: 2 } };
    assert.equal((await finish((await start(t, change)).training)).length, 6);
    for (const epoch of [3, 4, 6]) assert.equal((await resumed(t, change, epoch)).length, 6);
  });

  test("keeps the factor that someone steered by", async (t) => {
    const { training } = await start(t, { ...still, epochs: 4 });
    const epochs: EpochMetrics[] = [];
    for await (const metrics of training) {
      epochs.push(metrics);
      if (metrics.epoch === 2) training.rateFactor = 0.25;
    }
    assert.deepEqual(sharesOf(epochs), [1, 1, 0.25, 0.25]);
  });
});
