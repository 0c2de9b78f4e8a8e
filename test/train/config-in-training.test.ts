// What a configuration says arrives where it acts: in the programs of a step, in its registers and draws, and in what a
// training remembers from epoch to epoch.
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { transformSchema } from "../../src/data/transforms/transform.js";
import type { Attrs } from "../../src/tensor/attrs.js";
import type { HostArray } from "../../src/tensor/host-array.js";
import type { Module } from "../../src/nn/module.js";
import type { Callback } from "../../src/train/callbacks.js";
import type { TrainConfigInput } from "../../src/train/config/config.js";
import type { EpochMetrics } from "../../src/train/metrics.js";
import type { TrainProgress } from "../../src/train/progress.js";
import type { Training } from "../../src/train/training.js";
import { nativeExecutors, reference } from "../helpers/executors.js";
import { randomConfig } from "../helpers/random-dataset.js";
import { recording } from "../helpers/recording.js";
import { DroppingModel, LinearModel } from "../helpers/tiny-model.js";
import { trainOn, type TrainOnOptions } from "../helpers/train-on.js";

const [fast = reference] = nativeExecutors;

/** Trains the linear model; returns what the executor was given as well. */
async function run(
  t: TestContext,
  change: Partial<TrainConfigInput>,
  options: TrainOnOptions = {},
  model: Module = new LinearModel(),
) {
  const recorded = recording(fast.create());
  const { executor } = recorded;
  t.after(() => executor.close());
  const config = randomConfig({ schedule: "constant", ...change });
  return { ...recorded, ...(await trainOn(executor, config, model, options)) };
}

describe("the programs of a step", () => {
  /** The attributes of the first instruction of a kind. */
  const attrsOf = async (
    t: TestContext,
    change: Partial<TrainConfigInput>,
    op: string,
  ): Promise<Attrs> =>
    (await run(t, { epochs: 1, ...change })).programs[0]!.instructions.find(
      (each) => each.op === op,
    )!.attrs;

  test("have what the configuration says of the optimiser", async (t) => {
    const moments: Partial<TrainConfigInput> = { betas: [0.8, 0.95], eps: 1e-4, weightDecay: 0.3 };
    const adam = { beta1: 0.8, beta2: 0.95, eps: 1e-4, weightDecay: 0.3, lrScale: 1 };
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
      lrScale: 1,
    });
  });

  test("have what it says of the loss", async (t) => {
    const classWeights = [1, 2, 3];
    const attrs = await attrsOf(t, { labelSmoothing: 0.2, classWeights }, "softmaxCrossEntropy");
    assert.deepEqual(attrs, { smoothing: 0.2, classWeights });
  });
});

describe("the draws of a training", () => {
  const valuesOf = (runs: readonly object[], name: string): string[] =>
    runs.map((inputs) => {
      const value = (inputs as Record<string, HostArray | number>)[name]!;
      return typeof value === "number" ? String(value) : value.data.join();
    });

  test("to mix with are others in each micro-batch of each step", async (t) => {
    const { runs } = await run(t, { mixup: 1, accumulate: 2, batch: 2 });
    const steps = runs.filter((inputs) => "mixShare" in inputs);
    assert.equal(steps.length, 3 * 5); // 10 rows in steps of 2 + 2, in 3 epochs
    assert.equal(new Set(valuesOf(steps, "mixShare")).size, steps.length);
    assert.deepEqual(valuesOf(steps, "mixShare"), valuesOf(steps, "labelShare"));
  });

  test("to drop out by are others in each micro-batch of each step", async (t) => {
    const { runs } = await run(t, { accumulate: 2, batch: 2 }, {}, new DroppingModel());
    const steps = runs.filter((inputs) => "randomKey" in inputs);
    assert.equal(new Set(valuesOf(steps, "randomKey")).size, 3 * 5);
  });

  test("to augment by are others in each epoch", async (t) => {
    const train = [transformSchema.parse({ type: "randomCrop", size: [6, 5], padding: 2 })];
    const { runs } = await run(t, { epochs: 3, batch: 1, transforms: { train, eval: [] } });
    const steps = runs.filter((inputs) => "placement" in inputs);
    const places = valuesOf(steps, "placement");
    const ofRow = (row: number): string[] =>
      places.filter((_, i) => valuesOf(steps, "indices")[i] === String(row));
    const kinds = Array.from({ length: 10 }, (_, row) => new Set(ofRow(row)).size);
    assert.ok(ofRow(0).length === 3 && Math.min(...kinds) > 1, kinds.join());
  });
});

describe("what a training remembers", () => {
  // Nothing moves, so that no epoch is better than the first.
  const still = { learningRate: 1e-30, momentum: 0, epochs: 8 } as const;
  const sharesOf = (epochs: readonly EpochMetrics[]): number[] =>
    epochs.map(({ learningRate }) => learningRate / still.learningRate);
  const epochsOf = async (
    t: TestContext,
    change: Partial<TrainConfigInput>,
    options: TrainOnOptions = {},
  ): Promise<readonly EpochMetrics[]> => (await run(t, change, options)).epochs;

  /** Trains up to the end of an epoch, keeps what JSON keeps, and goes on with another training. */
  async function resumed(t: TestContext, change: Partial<TrainConfigInput>, epoch: number) {
    const stop = {
      onEpoch: (metrics: EpochMetrics, training: Training) =>
        metrics.epoch === epoch && training.stop(),
    };
    const { progress, epochs } = await run(t, change, { callbacks: [stop] });
    const from = { progress: JSON.parse(JSON.stringify(progress)) as TrainProgress, epochs };
    return epochsOf(t, change, { from });
  }

  test("lowers the rate on a plateau, of validated epochs alone, and after a pause too", async (t) => {
    const often = { ...still, epochs: 5, schedule: "plateau:0:0.5" };
    assert.deepEqual(sharesOf(await epochsOf(t, often)), [1, 1, 0.5, 0.25, 0.125]);
    const seldom = { ...still, schedule: "plateau:1:0.5", evaluateEvery: 2, epochs: 9 };
    const expected = [1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5];
    assert.deepEqual(sharesOf(await epochsOf(t, seldom)), expected);
    for (const epoch of [3, 4, 5])
      assert.deepEqual(sharesOf(await resumed(t, seldom, epoch)), expected);
  });

  test("ends early by validated epochs alone, and after a pause too", async (t) => {
    const change = { ...still, evaluateEvery: 2, earlyStopping: { patience: 2 } };
    assert.equal((await epochsOf(t, change)).length, 6);
    for (const epoch of [3, 4, 6]) assert.equal((await resumed(t, change, epoch)).length, 6);
  });

  test("keeps the factor that a callback set", async (t) => {
    const slow: Callback = {
      onEpoch({ epoch }, training) {
        if (epoch === 2) training.learningRateScale = 0.25;
      },
    };
    const epochs = await epochsOf(t, { ...still, epochs: 4 }, { callbacks: [slow] });
    assert.deepEqual(sharesOf(epochs), [1, 1, 0.25, 0.25]);
  });

  test("watches any metric that exists, and refuses others", async (t) => {
    const { epochs } = await run(t, { metrics: ["top2"], bestMetric: "validTop2" });
    assert.ok(epochs.every((metrics) => (metrics["validTop2"] ?? 0) >= metrics.validAccuracy));
    await assert.rejects(run(t, { bestMetric: "validTop5" }), {
      code: "ERR_CONFIG",
      message:
        'there is no metric "validTop5" to watch: choose one of trainLoss, trainAccuracy, validLoss, validAccuracy',
    });
  });
});
