// What a configuration may add to a training: groups, averages, accumulation, mixing, early stopping, steering.
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Draws } from "../../src/data/transforms/draws.js";
import type { Executor } from "../../src/executors/executor.js";
import type { Module } from "../../src/nn/module.js";
import { randomKey } from "../../src/tensor/random.js";
import type { TrainConfigInput } from "../../src/train/config/config.js";
import { drawBeta, drawMix } from "../../src/train/steps/draw-mix.js";
import type { EpochMetrics } from "../../src/train/epoch-metrics.js";
import { createEvaluator } from "../../src/train/evaluate.js";
import {
  initialState,
  readModelState,
  writeModelState,
} from "../../src/train/weights/model-state.js";
import { trainLoop, type StepProgress, type Training } from "../../src/train/train-loop.js";
import { assertClose, ulp } from "../helpers/assert-close.js";
import { executorsUnderTest, nativeExecutors, reference } from "../helpers/executors.js";
import { randomConfig, randomSources } from "../helpers/random-dataset.js";
import { LinearModel, TinyModel } from "../helpers/tiny-model.js";

const [fast = reference] = nativeExecutors;

interface Started {
  readonly executor: Executor;
  readonly training: Training;
  readonly model: Module;
}

/** A training of a new model with the same first weights every time. */
async function start(
  t: TestContext,
  change: Partial<TrainConfigInput>,
  model: Module = new TinyModel(),
  create = fast.create,
): Promise<Started> {
  const executor = create();
  t.after(() => executor.close());
  const config = randomConfig({ schedule: "constant", ...change });
  await writeModelState(executor, model, initialState(model, config.seed));
  return {
    executor,
    model,
    training: await trainLoop({ executor, model, config, ...(await randomSources(executor)) }),
  };
}

async function finish(
  training: Training,
): Promise<{ steps: StepProgress[]; epochs: EpochMetrics[] }> {
  const steps: StepProgress[] = [];
  const epochs: EpochMetrics[] = [];
  for await (const event of training.events()) {
    if (event.kind === "step") steps.push(event);
    else epochs.push(event);
  }
  return { steps, epochs };
}

const stateOf = async ({ executor, model }: Started): Promise<Map<string, Float32Array>> =>
  new Map(
    [...(await readModelState(executor, model))].map(([name, { data }]) => [
      name,
      data as Float32Array,
    ]),
  );

const firstState = (model: Module): Map<string, Float32Array> =>
  new Map([...initialState(model, 1)].map(([name, { data }]) => [name, data as Float32Array]));

for (const { name, create } of executorsUnderTest) {
  describe(`accumulation on ${name}`, () => {
    // 10 rows: in steps of 8, the last of two; in steps of all ten, whose last micro-batch has two.
    for (const [accumulate, batch] of [
      [2, 8],
      [3, 10],
    ] as const) {
      test(`${accumulate} micro-batches of 4 make the steps of batches of ${batch}`, async (t) => {
        const settings = { optimizer: "adam", epochs: 2, learningRate: 0.01, clipNorm: 1 } as const;
        const parts = await start(
          t,
          { ...settings, batch: 4, accumulate },
          new LinearModel(),
          create,
        );
        const whole = await start(t, { ...settings, batch }, new LinearModel(), create);
        const [a, b] = [await finish(parts.training), await finish(whole.training)];
        assert.equal(a.steps.length, 2 * Math.ceil(10 / batch));
        const [weights, expected] = [await stateOf(parts), await stateOf(whole)];
        // Adam divides by the gradient's own size: where it is next to nothing, roundings are all there is.
        for (const [key, values] of expected)
          assertClose(weights.get(key)!, values, { rtol: 2000 * ulp }, key);
        assertClose(
          a.epochs.map((e) => e.trainLoss),
          b.epochs.map((e) => e.trainLoss),
          { rtol: 100 * ulp },
        );
        assert.deepEqual(
          a.epochs.map((e) => e.trainAccuracy),
          b.epochs.map((e) => e.trainAccuracy),
        );
      });
    }
  });
}

describe("averages of weights", () => {
  test("are the running mean of every state after each step, and what is validated and kept", async (t) => {
    const emaDecay = 0.7;
    const started = await start(t, { emaDecay, learningRate: 0.2 });
    const { executor, training, model } = started;
    const { valid } = await randomSources(executor);
    const means = new Map<string, Float64Array>();
    let validLoss = NaN;
    for await (const event of training.events()) {
      if (event.kind === "epoch") validLoss = event.validLoss;
      if (event.kind !== "step") continue;
      for (const [key, values] of await stateOf(started)) {
        const mean = means.get(key) ?? Float64Array.from(values);
        means.set(
          key,
          mean.map((old, i) => emaDecay * old + (1 - emaDecay) * values[i]!),
        );
      }
    }
    const kept = await training.weights();
    for (const [key, mean] of means)
      assertClose(kept.get(key)!.data, mean, { rtol: 20 * ulp }, key); // nine steps of a few roundings
    assert.equal((await (await training.evaluator(valid))()).loss, validLoss);
    assert.notEqual((await (await createEvaluator(executor, model, valid, 4))()).loss, validLoss);
  });
});

describe("groups of parameters", () => {
  test("what is frozen keeps its values and its statistics, and costs no gradient", async (t) => {
    const started = await start(t, { freeze: ["block.conv1", "block.bn1", "block.downsample"] });
    await finish(started.training);
    const first = firstState(started.model);
    for (const [key, values] of await stateOf(started)) {
      const isFrozen = /conv1|bn1|downsample/.test(key);
      assert.equal(
        values.every((v, i) => v === first.get(key)![i]),
        isFrozen,
        key,
      );
    }
    assert.ok(!started.executor.states().has("optimizer/velocity/block.conv1.weight"));
  });

  test("the backbone is all but the head", async (t) => {
    const started = await start(t, { freeze: ["backbone"] });
    await finish(started.training);
    const first = firstState(started.model);
    const moved = [...(await stateOf(started))].filter(([key, values]) =>
      values.some((v, i) => v !== first.get(key)![i]),
    );
    assert.deepEqual(
      moved.map(([key]) => key),
      ["fc.weight", "fc.bias"],
    );
  });

  test("a part's rate is a multiple of the others'", async (t) => {
    const changes = await Promise.all(
      [{}, { block: 3, "block.conv2": 0.5 }].map(async (rateFactors) => {
        const started = await start(t, {
          rateFactors,
          momentum: 0,
          epochs: 1,
          batch: 10,
          learningRate: 1e-3,
        });
        await finish(started.training);
        const first = firstState(started.model);
        const last = await stateOf(started);
        return (key: string): number => last.get(key)![0]! - first.get(key)![0]!;
      }),
    );
    const ratio = (key: string): number => changes[1]!(key) / changes[0]!(key);
    const near = (key: string, expected: number): void =>
      assert.ok(Math.abs(ratio(key) - expected) < 0.01, `${key}: ${ratio(key)}`); // small differences of float32
    near("fc.bias", 1);
    near("block.bn1.bias", 3);
    near("block.conv2.weight", 0.5);
  });

  test("a part that is not there, and nothing left to train, are refused", async (t) => {
    await assert.rejects(start(t, { freeze: ["layer9"] }), {
      code: "ERR_CONFIG",
      message:
        'freeze: the model has no part "layer9": choose head, backbone, stem where there is a layer1, ' +
        "or a module such as block, avgpool, flatten, fc",
    });
    await assert.rejects(start(t, { rateFactors: { stem: 2 } }), { code: "ERR_CONFIG" });
    await assert.rejects(start(t, { freeze: ["block", "head"] }), {
      code: "ERR_CONFIG",
      message: "freeze [block, head] leaves nothing to train",
    });
  });

  test("weight decay may spare what has one axis", async (t) => {
    // With next to no rate, AdamW's decay is all that moves a weight: 1 − rate · decay.
    const settings = { optimizer: "adamw", epochs: 1, batch: 10, weightDecay: 1e5 } as const;
    const started = await start(t, { ...settings, weightDecayOn: "weights", learningRate: 1e-6 });
    await finish(started.training);
    const state = await stateOf(started);
    const first = firstState(started.model);
    const share = (key: string): number => state.get(key)![0]! / first.get(key)![0]!;
    assert.ok(Math.abs(share("fc.weight") - 0.9) < 1e-3, `${share("fc.weight")}`);
    assert.ok(Math.abs(share("block.bn1.weight") - 1) < 1e-3, `${share("block.bn1.weight")}`);
    assert.ok(Math.abs(share("fc.bias") - 1) < 1e-3, `${share("fc.bias")}`);
  });
});

describe("clipping", () => {
  test("a step of plain descent is as long as the norm allows, and the norm before is reported", async (t) => {
    const settings = { momentum: 0, epochs: 1, batch: 10, learningRate: 0.5 };
    const [free, clipped] = [
      await start(t, settings),
      await start(t, { ...settings, clipNorm: 0.01 }),
    ];
    const [{ steps: unclipped }, { steps }] = [
      await finish(free.training),
      await finish(clipped.training),
    ];
    const length = async (started: Started): Promise<number> => {
      const first = firstState(started.model);
      const squares = [...(await stateOf(started))].filter(([key]) => !key.includes("running"));
      const sum = squares.flatMap(([key, values]) =>
        [...values].map((v, i) => (v - first.get(key)![i]!) ** 2),
      );
      return Math.sqrt(sum.reduce((a, b) => a + b));
    };
    assert.equal(unclipped[0]!.gradientNorm, null);
    assert.ok(Math.abs(steps[0]!.gradientNorm! * 0.5 - (await length(free))) < 1e-5);
    const short = await length(clipped);
    assert.ok(Math.abs(0.01 * 0.5 - short) < 1e-5, `${short}`);
  });
});

describe("mixing", () => {
  test("draws shares of a Beta distribution", () => {
    for (const alpha of [0.2, 1, 4]) {
      const draws = new Draws(randomKey(1, "beta"));
      const numbers = Array.from({ length: 4000 }, () => drawBeta(alpha, draws));
      const mean = numbers.reduce((a, b) => a + b) / 4000;
      const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 4000;
      // Of Beta(α, α): 1/2 and 1 / (8α + 4); 4000 numbers miss them by a few hundredths of a deviation.
      assert.ok(Math.abs(mean - 0.5) < 0.03, `mean ${mean}`);
      assert.ok(Math.abs(variance * (8 * alpha + 4) - 1) < 0.1, `variance ${variance}`);
    }
  });

  test("a box lies in the image, and its area is what the label loses", () => {
    const kinds = new Set<boolean>();
    for (let i = 0; i < 200; i++) {
      const { share, box, labelShare } = drawMix({ mixup: 1, cutmix: 1 }, [6, 5], randomKey(1, i));
      const [top, left, bottom, right] = box;
      assert.ok(
        top >= 0 && left >= 0 && bottom <= 6 && right <= 5 && top <= bottom && left <= right,
      );
      assert.equal(labelShare, share * (1 - ((bottom - top) * (right - left)) / 30));
      kinds.add(share === 1);
    }
    assert.equal(kinds.size, 2, "both kinds come up");
  });

  for (const kind of ["mixup", "cutmix"] as const) {
    test(`${kind} trains, the same way every time, and other than without`, async (t) => {
      const losses: number[][] = [];
      for (const change of [{ [kind]: 1 }, { [kind]: 1 }, {}]) {
        const { epochs } = await finish((await start(t, { ...change, epochs: 8 })).training);
        losses.push(epochs.map(({ trainLoss }) => trainLoss));
      }
      assert.deepEqual(losses[0], losses[1]);
      assert.notDeepEqual(losses[0], losses[2]);
      assert.ok(losses[0]!.at(-1)! < losses[0]![0]!, losses[0]!.join(", "));
    });
  }
});

describe("ending and steering a training", () => {
  test("has averages before its first step: the first weights", async (t) => {
    const { training, executor, model } = await start(t, { emaDecay: 0.9 });
    assert.deepEqual(await training.weights(), await readModelState(executor, model));
    const head = (await training.weights()).get("fc.weight")!;
    assert.ok(head.data.some((value) => value !== 0));
  });

  test("ends early when the metric has not become better for so many epochs", async (t) => {
    const settings = { learningRate: 1e-30, epochs: 9, earlyStopping: { patience: 2 } }; // nothing moves
    const { epochs } = await finish(
      (await start(t, { ...settings, freeze: ["backbone"] })).training,
    );
    assert.equal(epochs.length, 3);
  });

  test("stops when told to, and goes on where it stopped when it is iterated again", async (t) => {
    const { training } = await start(t, {});
    const seen: string[] = [];
    for await (const event of training.events()) {
      if (event.kind === "step") seen.push(`${event.epoch}: ${event.step}`);
      if (seen.length === 4) training.stop();
    }
    for await (const event of training.events()) {
      if (event.kind === "step") seen.push(`${event.epoch}: ${event.step}`);
      if (seen.length === 5) break; // leaving is stopping, too
    }
    const rest = await finish(training);
    assert.deepEqual(seen, ["1: 1", "1: 2", "1: 3", "2: 1", "2: 2"]);
    assert.deepEqual(
      rest.steps.map(({ epoch, step }) => `${epoch}: ${step}`),
      ["2: 3", "3: 1", "3: 2", "3: 3"],
    );
    assert.deepEqual(
      rest.epochs.map(({ epoch }) => epoch),
      [2, 3],
    );
  });

  test("a learning rate can be changed from step to step", async (t) => {
    const { training } = await start(t, { epochs: 1 });
    const rates: number[] = [];
    for await (const event of training.events()) {
      if (event.kind === "step") rates.push(event.learningRate);
      else assert.equal(event.learningRate, rates.at(-1));
      training.rateFactor /= 2;
    }
    assert.deepEqual(rates, [0.05, 0.025, 0.0125]);
  });

  test("a loss that is no number names the step and the learning rate", async (t) => {
    const { training } = await start(t, { learningRate: 1e30 });
    await assert.rejects(finish(training), {
      code: "ERR_DIVERGED",
      message:
        /^the training loss became (NaN|Infinity|-Infinity) in step \d of epoch 1, at a learning rate of 1e\+30: try a lower learning rate, a warm-up, or clipped gradients \(clipNorm, --clip-norm\)$/,
    });
  });

  test("another training on the same executor is not touched by one that diverged", async (t) => {
    const settings = { accumulate: 2, emaDecay: 0.5 };
    const { executor, model, training } = await start(t, { ...settings, learningRate: 1e30 });
    await assert.rejects(finish(training), { code: "ERR_DIVERGED" });
    await writeModelState(executor, model, initialState(model, 1));
    const config = randomConfig(settings);
    const { epochs } = await finish(
      await trainLoop({ executor, model, config, ...(await randomSources(executor)) }),
    );
    assert.ok(epochs.every(({ validLoss }) => Number.isFinite(validLoss)));
  });

  test("nesterov needs a momentum", () => {
    assert.throws(() => randomConfig({ nesterov: true, momentum: 0 }), {
      message:
        "the training set-up is off: nesterov is true: looks ahead along a velocity, and momentum is 0",
    });
  });
});
