import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Module } from "../../src/nn/module.js";
import { learningRateSearchChart } from "../../src/report/learning-rate-search-chart.js";
import {
  findLearningRate,
  type LearningRateSearchOptions,
} from "../../src/train/find-learning-rate.js";
import { initialState, readModelState, writeModelState } from "../../src/train/model-state.js";
import { nativeExecutors, reference } from "../helpers/executors.js";
import { randomConfig, randomSources } from "../helpers/random-dataset.js";
import { LinearModel, TinyModel } from "../helpers/tiny-model.js";

const [fast = reference] = nativeExecutors;

async function search(
  change: Partial<LearningRateSearchOptions> = {},
  model: Module = new TinyModel(),
) {
  const executor = fast.create();
  try {
    writeModelState(executor, model, initialState(model, 1));
    const { train } = randomSources(executor);
    const options = { executor, model, config: randomConfig({ batch: 8 }), train, ...change };
    const found = await findLearningRate(options);
    return { ...found, state: [...readModelState(executor, model)] };
  } finally {
    await executor.close();
  }
}

describe("findLearningRate", () => {
  test("tries rates by equal factors, over several epochs, and leaves the model as it was", async () => {
    const { trials, state } = await search({ from: 1e-4, to: 0.1, steps: 10 });
    assert.equal(trials.length, 10);
    for (const [i, { learningRate }] of trials.entries())
      assert.ok(Math.abs(learningRate / (1e-4 * 1000 ** (i / 9)) - 1) < 1e-12);
    assert.equal(trials[0]!.smoothedLoss.toFixed(12), trials[0]!.loss.toFixed(12));
    assert.deepEqual(state, [...initialState(new TinyModel(), 1)]);
  });

  test("suggests a rate that learns, and ends where the loss diverges", async () => {
    const { trials, suggestion } = await search({ from: 1e-5, to: 1e5, steps: 120 });
    assert.ok(suggestion! > 1e-3 && suggestion! < 10, `${suggestion}`);
    assert.ok(trials.length < 120, `${trials.length} trials`);
    assert.match(learningRateSearchChart({ trials, suggestion }), /the loss falls fastest at/);
  });

  test("takes steps of several batches as a training does, with the loss of all of them", async () => {
    const limits = { from: 1e-3, to: 1e-2, steps: 3 };
    const [whole, parts] = await Promise.all(
      [{ batch: 9 }, { batch: 3, accumulate: 3 }].map((change) =>
        search({ ...limits, config: randomConfig(change) }, new LinearModel()),
      ),
    );
    for (const [i, { loss }] of parts!.trials.entries())
      assert.ok(Math.abs(loss / whole!.trials[i]!.loss - 1) < 1e-5, `${loss}`); // sums in another order
  });

  test("suggests nothing where nothing falls", async () => {
    const { suggestion } = await search({ from: 1e-30, to: 1e-29, steps: 2 });
    assert.equal(suggestion, null);
  });

  test("refuses limits that are none", async () => {
    await assert.rejects(search({ from: 1, to: 0.1 }), {
      code: "ERR_CONFIG",
      message:
        "a search of learning rates needs 0 < from < to and 2 steps, not from 1 to 0.1 in 100",
    });
  });
});
