import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseTransforms } from "../../src/data/transforms/transform-text.js";
import type { Module } from "../../src/nn/module.js";
import { learningRateSearchChart } from "../../src/report/training-charts.js";
import { initialState } from "../../src/checkpoint/model-state.js";
import type { TrainConfigInput } from "../../src/train/config/config.js";
import {
  findLearningRate,
  steepest,
  type LearningRateSearchOptions,
} from "../../src/train/find-learning-rate.js";
import { nativeExecutors, reference } from "../helpers/executors.js";
import { normalize, randomConfig, randomDataset } from "../helpers/random-dataset.js";
import { LinearModel, TinyModel } from "../helpers/tiny-model.js";
import { tinyData, trainOn } from "../helpers/train-on.js";

const [fast = reference] = nativeExecutors;

async function search(
  limits: LearningRateSearchOptions = {},
  config: TrainConfigInput = randomConfig({ batch: 8 }),
  model: Module = new TinyModel(),
) {
  const executor = fast.create();
  try {
    return await findLearningRate(config, tinyData(), { executor, model, ...limits });
  } finally {
    await executor.close();
  }
}

/** The loss of each step at one rate: of a search, and of a training. */
async function searchAndTrain(
  data: ReturnType<typeof tinyData>,
  change: Partial<TrainConfigInput>,
) {
  const config = randomConfig({ normalize, ...change });
  const executor = fast.create();
  const model = new TinyModel();
  try {
    const { learningRate: from } = config;
    const limits = { from, to: from * (1 + Number.EPSILON), steps: 6 };
    const weights = initialState(model, 1);
    const options = { executor, model, weights, ...limits };
    const { trials } = await findLearningRate(config, data, options);
    const { steps } = await trainOn(executor, config, model, { data, weights });
    let sum = 0;
    const trained = steps.map(({ step, loss }) => {
      if (step === 1) sum = 0;
      // What an epoch's mean grew by: 6 samples a step, the last 5.
      const seen = Math.min(6 * step, 17);
      const own = (loss * seen - sum) / (seen - 6 * (step - 1));
      sum = loss * seen;
      return own;
    });
    const digits = (losses: readonly number[]): string[] =>
      losses.map((loss) => loss.toPrecision(9));
    return { searched: digits(trials.map(({ loss }) => loss)), trained: digits(trained) };
  } finally {
    await executor.close();
  }
}

describe("findLearningRate", () => {
  test("tries rates by equal factors, over several epochs", async () => {
    const { trials } = await search({ from: 1e-4, to: 0.1, steps: 10 });
    assert.equal(trials.length, 10);
    for (const [i, { learningRate }] of trials.entries())
      assert.ok(Math.abs(learningRate / (1e-4 * 1000 ** (i / 9)) - 1) < 1e-12);
    assert.equal(trials[0]!.smoothedLoss.toFixed(12), trials[0]!.loss.toFixed(12));
  });

  test("suggests a rate that learns, and ends where the loss diverges", async () => {
    const { trials, suggestion } = await search({ from: 1e-5, to: 1e5, steps: 120 });
    assert.ok(suggestion! > 1e-3 && suggestion! < 10, `${suggestion}`);
    assert.ok(trials.length < 120, `${trials.length} trials`);
    assert.match(learningRateSearchChart({ trials, suggestion }).svg, /the loss falls fastest at/);
  });

  test("does not take the recovery from a blow-up for learning", () => {
    const falling = Array.from({ length: 60 }, (_, i) => 2.3 - 0.8 / (1 + Math.exp((30 - i) / 3)));
    const losses = [...falling, 6, 9, 8, 5, 3, 2.4, 2.4, 2.4];
    let mean = losses[0]!;
    const trials = losses.map((loss, i) => {
      mean = 0.9 * mean + 0.1 * loss;
      return { learningRate: i, loss, smoothedLoss: mean };
    });
    assert.equal(steepest(trials), 30);
    assert.equal(steepest(trials.slice(0, 3)), null);
  });

  test("takes steps of several batches as a training does, with the loss of all of them", async () => {
    const limits = { from: 1e-3, to: 1e-2, steps: 3 };
    const [whole, parts] = await Promise.all(
      [{ batch: 9 }, { batch: 3, accumulate: 3 }].map((change) =>
        search(limits, randomConfig(change), new LinearModel()),
      ),
    );
    for (const [i, { loss }] of parts!.trials.entries())
      assert.ok(Math.abs(loss / whole!.trials[i]!.loss - 1) < 1e-5, `${loss}`); // sums in another order
  });

  test("sees the batches and the loss of a training with the same configuration", async () => {
    const rows = randomDataset(17, 1);
    rows.labels.data.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2]);
    const data = { train: rows, valid: randomDataset(6, 2) };
    const plain = { epochs: 2, batch: 3, accumulate: 2, schedule: "constant" } as const;
    const first = await searchAndTrain(data, plain);
    assert.deepEqual(first.searched, first.trained);
    const changes: Partial<TrainConfigInput>[] = [
      { sampling: "balanced" },
      { classWeights: "balanced" },
      { transforms: { train: parseTransforms("randomCrop([6, 5], padding=2)"), eval: [] } },
      { transforms: { train: parseTransforms("randomRotation(30)"), eval: [] } },
      { mixup: 0.4 },
      { labelSmoothing: 0.1 },
      { precision: "bf16" },
      { freeze: ["block"] },
      { optimizer: "adam" },
      { clipNorm: 0.1 },
      { seed: 3 },
    ];
    for (const change of changes) {
      const { searched, trained } = await searchAndTrain(data, { ...plain, ...change });
      assert.equal(searched.length, 6);
      assert.deepEqual(searched, trained, JSON.stringify(change));
      assert.notDeepEqual(searched, first.searched, JSON.stringify(change));
    }
  });

  test("suggests nothing where nothing falls", async () => {
    const { suggestion } = await search({ from: 1e-30, to: 1e-29, steps: 2 });
    assert.equal(suggestion, null);
  });

  test("refuses limits that are not in order", async () => {
    await assert.rejects(search({ from: 1, to: 0.1 }), {
      code: "ERR_CONFIG",
      message:
        "a search of learning rates needs 0 < from < to and 2 steps, not from 1 to 0.1 in 100",
    });
  });
});
