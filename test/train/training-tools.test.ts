// What a configuration may add to a training: groups, averages, accumulation, mixing, early stopping, steering.
import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Draws } from "../../src/data/transforms/draws.js";
import type { Executor } from "../../src/executors/executor.js";
import type { Module } from "../../src/nn/module.js";
import { randomKey } from "../../src/tensor/random.js";
import type { TrainConfigInput } from "../../src/train/config/config.js";
import { drawBeta, drawMix } from "../../src/train/mixing.js";
import type { Callback } from "../../src/train/callbacks.js";
import { Evaluator } from "../../src/train/evaluate.js";
import { initialState, readModelState, type ModelState } from "../../src/checkpoint/model-state.js";
import { assertClose, ulp } from "../helpers/assert-close.js";
import { executorsUnderTest, nativeExecutors, reference } from "../helpers/executors.js";
import { randomConfig } from "../helpers/random-dataset.js";
import { LinearModel, TinyModel } from "../helpers/tiny-model.js";
import { trainOn, type TrainedOn, type TrainOnOptions } from "../helpers/train-on.js";

const [fast = reference] = nativeExecutors;

interface Ran extends Omit<TrainedOn, "state"> {
  /** The model's state after the last step, which averages are not. */
  readonly state: ReadonlyMap<string, Float32Array>;
}

/** A training of a new model with the same first weights every time. */
async function run(
  t: TestContext,
  change: Partial<TrainConfigInput>,
  model: Module = new TinyModel(),
  create = fast.create,
  options: TrainOnOptions = {},
): Promise<Ran> {
  const executor = create();
  t.after(() => executor.close());
  const config = randomConfig({ schedule: "constant", ...change });
  const trained = await trainOn(executor, config, model, options);
  return { ...trained, state: numbers(trained.state) };
}

const numbers = (state: ModelState): Map<string, Float32Array> =>
  new Map([...state].map(([name, { data }]) => [name, data as Float32Array]));

const stateOf = async (executor: Executor, model: Module): Promise<Map<string, Float32Array>> =>
  numbers(await readModelState(executor, model));

const firstState = (model: Module): Map<string, Float32Array> => numbers(initialState(model, 1));

for (const { name, create } of executorsUnderTest) {
  describe(`accumulation on ${name}`, () => {
    // 10 rows: in steps of 8, the last of two; in steps of all ten, whose last micro-batch has two.
    for (const [accumulate, batch] of [
      [2, 8],
      [3, 10],
    ] as const) {
      test(`${accumulate} micro-batches of 4 make the steps of batches of ${batch}`, async (t) => {
        const settings = { optimizer: "adam", epochs: 2, learningRate: 0.01, clipNorm: 1 } as const;
        const change = { ...settings, batch: 4, accumulate };
        const a = await run(t, change, new LinearModel(), create);
        const b = await run(t, { ...settings, batch }, new LinearModel(), create);
        assert.equal(a.steps.length, 2 * Math.ceil(10 / batch));
        const [weights, expected] = [a.state, b.state];
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
    const means = new Map<string, Float64Array>();
    const losses: number[] = [];
    let atEnd: ModelState = new Map();
    const average: Callback = {
      async onStep(_, { session: { executor, model } }) {
        for (const [key, values] of await stateOf(executor, model)) {
          const mean = means.get(key) ?? Float64Array.from(values);
          means.set(
            key,
            mean.map((old, i) => emaDecay * old + (1 - emaDecay) * values[i]!),
          );
        }
      },
      async onEpoch({ validLoss }, { session: { executor, model }, valid }) {
        const own = await Evaluator.create(valid, { executor, model, batch: 4 });
        losses.push(validLoss, (await own.evaluate()).loss);
      },
      async onStop({ session }) {
        atEnd = await session.weights();
      },
    };
    const change = { emaDecay, learningRate: 0.2 };
    const options = { callbacks: [average] };
    const { weights } = await run(t, change, new TinyModel(), fast.create, options);
    for (const [key, mean] of means)
      assertClose(weights.get(key)!.data, mean, { rtol: 20 * ulp }, key); // nine steps of a few roundings
    assert.deepEqual(weights, atEnd);
    for (const epoch of [0, 2, 4]) assert.notEqual(losses[epoch], losses[epoch + 1]);
  });
});

describe("groups of parameters", () => {
  test("what is frozen keeps its values and its statistics, and costs no gradient", async (t) => {
    const started = await run(t, { freeze: ["block.conv1", "block.bn1", "block.downsample"] });
    const first = firstState(started.model);
    for (const [key, values] of started.state) {
      const isFrozen = /conv1|bn1|downsample/.test(key);
      assert.equal(
        values.every((v, i) => v === first.get(key)![i]),
        isFrozen,
        key,
      );
    }
    assert.ok(!started.states.has("optimizer/velocity/block.conv1.weight"));
  });

  test("the backbone is all but the head", async (t) => {
    const started = await run(t, { freeze: ["backbone"] });
    const first = firstState(started.model);
    const moved = [...started.state].filter(([key, values]) =>
      values.some((v, i) => v !== first.get(key)![i]),
    );
    assert.deepEqual(
      moved.map(([key]) => key),
      ["fc.weight", "fc.bias"],
    );
  });

  test("a part's rate is a multiple of the others'", async (t) => {
    const changes = await Promise.all(
      [{}, { block: 3, "block.conv2": 0.5 }].map(async (lrScales) => {
        const started = await run(t, {
          lrScales,
          momentum: 0,
          epochs: 1,
          batch: 10,
          learningRate: 1e-3,
        });
        const first = firstState(started.model);
        const last = started.state;
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
    await assert.rejects(run(t, { freeze: ["layer9"] }), {
      code: "ERR_CONFIG",
      message:
        'freeze: the model has no part "layer9": choose head, backbone, stem where there is a layer1, ' +
        "or a module such as block, avgpool, flatten, fc",
    });
    await assert.rejects(run(t, { lrScales: { stem: 2 } }), { code: "ERR_CONFIG" });
    await assert.rejects(run(t, { freeze: ["block", "head"] }), {
      code: "ERR_CONFIG",
      message: "freeze [block, head] leaves nothing to train",
    });
  });

  test("weight decay may spare what has one axis", async (t) => {
    // With next to no rate, AdamW's decay is all that moves a weight: 1 − rate · decay.
    const settings = { optimizer: "adamw", epochs: 1, batch: 10, weightDecay: 1e5 } as const;
    const started = await run(t, { ...settings, weightDecayOn: "weights", learningRate: 1e-6 });
    const { state } = started;
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
    const free = await run(t, settings);
    const clipped = await run(t, { ...settings, clipNorm: 0.01 });
    const length = (ran: Ran): number => {
      const first = firstState(ran.model);
      const squares = [...ran.state].filter(([key]) => !key.includes("running"));
      const sum = squares.flatMap(([key, values]) =>
        [...values].map((v, i) => (v - first.get(key)![i]!) ** 2),
      );
      return Math.sqrt(sum.reduce((a, b) => a + b));
    };
    assert.equal(free.steps[0]!.gradientNorm, null);
    assert.ok(Math.abs(clipped.steps[0]!.gradientNorm! * 0.5 - length(free)) < 1e-5);
    const short = length(clipped);
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
        const { epochs } = await run(t, { ...change, epochs: 8 });
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
    const stop: Callback = { onStart: (training) => training.stop() };
    const options = { callbacks: [stop] };
    const ran = await run(t, { emaDecay: 0.9 }, new TinyModel(), fast.create, options);
    assert.deepEqual(ran.steps, []);
    assert.deepEqual(numbers(ran.weights), ran.state);
    assert.ok(ran.weights.get("fc.weight")!.data.some((value) => value !== 0));
  });

  test("ends early when the metric has not become better for so many epochs", async (t) => {
    const settings = { learningRate: 1e-30, epochs: 9, earlyStopping: { patience: 2 } }; // nothing moves
    const { epochs } = await run(t, { ...settings, freeze: ["backbone"] });
    assert.equal(epochs.length, 3);
  });

  test("stops after the step in which it is told to", async (t) => {
    const stop: Callback = {
      onStep: ({ epoch, step }, training) => epoch === 2 && step === 1 && training.stop(),
    };
    const options = { callbacks: [stop] };
    const { steps, epochs, progress } = await run(t, {}, new TinyModel(), fast.create, options);
    assert.deepEqual(
      steps.map(({ epoch, step }) => `${epoch}: ${step}`),
      ["1: 1", "1: 2", "1: 3", "2: 1"],
    );
    assert.deepEqual([epochs.length, progress.epoch, progress.step], [1, 1, 1]);
  });

  test("a learning rate can be changed from step to step", async (t) => {
    const halve: Callback = { onStep: (_, training) => (training.learningRateScale /= 2) };
    const options = { callbacks: [halve] };
    const ran = await run(t, { epochs: 1 }, new TinyModel(), fast.create, options);
    assert.deepEqual(
      ran.steps.map(({ learningRate }) => learningRate),
      [0.05, 0.025, 0.0125],
    );
    assert.equal(ran.epochs[0]!.learningRate, 0.0125);
  });

  test("a loss that is not finite names the step and the learning rate", async (t) => {
    await assert.rejects(run(t, { learningRate: 1e30 }), {
      code: "ERR_DIVERGED",
      message:
        /^the training loss became (NaN|Infinity|-Infinity) in step \d of epoch 1, at a learning rate of 1e\+30: try a lower learning rate, a warm-up, or clipped gradients \(clipNorm, --clip-norm\)$/,
    });
  });

  test("another training on the same executor is not touched by one that diverged", async (t) => {
    const settings = { accumulate: 2, emaDecay: 0.5 };
    const executor = fast.create();
    t.after(() => executor.close());
    const wild = randomConfig({ ...settings, learningRate: 1e30 });
    await assert.rejects(trainOn(executor, wild), { code: "ERR_DIVERGED" });
    const { epochs } = await trainOn(executor, randomConfig(settings));
    assert.ok(epochs.every(({ validLoss }) => Number.isFinite(validLoss)));
  });

  test("nesterov needs a momentum", () => {
    assert.throws(() => randomConfig({ nesterov: true, momentum: 0 }), {
      message:
        "the training set-up is off: nesterov is true: looks ahead along a velocity, and momentum is 0",
    });
  });
});
