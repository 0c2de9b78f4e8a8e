// Training a tiny model on random images, whole: upload, steps, last smaller batch, validation.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Dataset } from "../../src/data/dataset.js";
import type { Executor } from "../../src/executors/executor.js";
import { resnet18 } from "../../src/models/resnet.js";
import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import type { Callback, TrainResult } from "../../src/train/callbacks.js";
import { Evaluator, evaluateViews } from "../../src/train/evaluate.js";
import type { EpochMetrics } from "../../src/train/metrics.js";
import type { TrainProgress } from "../../src/train/progress.js";
import type { BatchSource } from "../../src/train/sources/batch-source.js";
import { residentSource } from "../../src/train/sources/resident-source.js";
import { isDataState } from "../../src/train/state-names.js";
import {
  initialState,
  readModelState,
  writeModelState,
  type ModelState,
} from "../../src/checkpoint/model-state.js";
import { executorsUnderTest, reference } from "../helpers/executors.js";
import { normalize, randomConfig, randomDataset } from "../helpers/random-dataset.js";
import { recording } from "../helpers/recording.js";
import { DroppingModel, KeywordModel, LinearModel, TinyModel } from "../helpers/tiny-model.js";
import { tinyData, trainOn } from "../helpers/train-on.js";

const emptyImages = {
  images: hostArray([0, 6, 5, 2], undefined, "u8"),
  labels: hostArray([0], undefined, "i32"),
};

const valuesOf = (state: ModelState): Map<string, Float32Array> =>
  new Map([...state].map(([name, { data }]) => [name, data as Float32Array]));

const numbers = ({ epochs, weights }: Pick<TrainResult, "epochs" | "weights">): object => ({
  epochs: epochs.map(({ trainLoss, validLoss, validAccuracy }) => [
    trainLoss,
    validLoss,
    validAccuracy,
  ]),
  state: valuesOf(weights),
});

for (const { name, create } of executorsUnderTest) {
  describe(`train on ${name}`, () => {
    for (const optimizer of ["sgd", "adam", "adamw"] as const) {
      test(`the loss falls with ${optimizer}`, async (t) => {
        const executor = create();
        t.after(() => executor.close());
        const weightDecay = 0.01;
        const { epochs } = await trainOn(
          executor,
          randomConfig({ optimizer, weightDecay, epochs: 12 }),
        );
        const losses = epochs.map(({ trainLoss }) => trainLoss);
        assert.ok(losses.at(-1)! < 0.5 * losses[0]!, losses.join(", "));
      });
    }

    test("10 rows in batches of 4: three steps, the last with two, all in the mean", async (t) => {
      const executor = create();
      t.after(() => executor.close());
      const { epochs, steps: progress } = await trainOn(executor, randomConfig());
      const steps = progress.map(({ epoch, step, steps: of }) => `${epoch}: ${step}/${of}`);
      assert.deepEqual(steps.slice(0, 4), ["1: 1/3", "1: 2/3", "1: 3/3", "2: 1/3"]);
      assert.equal(progress.length, 9);
      assert.equal(epochs[0]!.trainLoss, progress[2]!.loss);
      assert.deepEqual(
        epochs.map(({ epoch }) => epoch),
        [1, 2, 3],
      );
    });

    test("validates every so many epochs, and the last", async (t) => {
      const executor = create();
      t.after(() => executor.close());
      const often = await trainOn(executor, randomConfig());
      const seldom = await trainOn(executor, randomConfig({ evaluateEvery: 2 }));
      const [first, second, third] = often.epochs.map(({ validLoss }) => validLoss);
      assert.deepEqual(
        seldom.epochs.map(({ validLoss }) => validLoss),
        [NaN, second, third],
      );
      assert.ok(first! > 0 && Number.isNaN(seldom.epochs[0]!.validAccuracy));
    });

    test("goes on from the middle of an epoch as if it had never stopped", async (t) => {
      const settings = randomConfig({ optimizer: "adam", epochs: 3 });
      const whole = create();
      const first = create();
      const second = create();
      t.after(() => Promise.all([whole, first, second].map((executor) => executor.close())));
      const uninterrupted = numbers(await trainOn(whole, settings, new DroppingModel()));

      const model = new DroppingModel();
      const kept = new Map<string, HostArray>();
      const stop: Callback = {
        onStep: ({ epoch, step }, training) => epoch === 2 && step === 2 && training.stop(),
        async onStop({ session: { executor } }) {
          for (const key of executor.states().keys()) kept.set(key, await executor.read(key));
        },
      };
      const { progress, epochs } = await trainOn(first, settings, model, { callbacks: [stop] });
      const from = JSON.parse(JSON.stringify({ progress, epochs })) as {
        progress: TrainProgress;
        epochs: EpochMetrics[];
      };
      assert.deepEqual([progress.epoch, progress.step], [1, 2]);

      const copy: Callback = {
        async onSetUp({ session: { executor } }) {
          for (const [key, value] of kept) await executor.write(key, value);
        },
      };
      const rest = await trainOn(second, settings, model, { from, callbacks: [copy] });
      assert.deepEqual(
        rest.epochs.map(({ epoch }) => epoch),
        [1, 2, 3],
      );
      assert.deepEqual(numbers(rest), uninterrupted);
    });

    test("two runs with one seed give identical bytes, dropout included; another seed others", async () => {
      const runs: object[] = [];
      for (const seed of [1, 1, 2]) {
        const executor = create();
        runs.push(numbers(await trainOn(executor, randomConfig({ seed }), new DroppingModel())));
        await executor.close();
      }
      assert.deepEqual(runs[0], runs[1]);
      assert.notDeepEqual(runs[0], runs[2]);
    });
  });
}

describe("train", () => {
  test("leaves a model alone whose layers are called like what a training keeps", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const model = new KeywordModel();
    const options = { signal: AbortSignal.abort() };
    const settings = randomConfig({ emaDecay: 0.9 });
    const { state, states } = await trainOn(executor, settings, model, options);
    assert.deepEqual(state, initialState(model, 1));
    assert.deepEqual([...states.keys()].filter(isDataState).sort(), [
      "data/train/images",
      "data/train/labels",
      "data/valid/images",
      "data/valid/labels",
    ]);
  });

  test("an epoch's loss is the mean over its rows, not over its batches", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const rows = randomDataset(10, 1);
    const data = { train: rows, valid: rows };
    const settings = randomConfig({ learningRate: 1e-30, epochs: 1 }); // nothing moves
    const { epochs } = await trainOn(executor, settings, new LinearModel(), { data });
    const [{ trainLoss, validLoss } = { trainLoss: 0, validLoss: 1 }] = epochs;
    // Three float32 losses each, of batches that are shuffled and not.
    assert.ok(Math.abs(trainLoss - validLoss) < 1e-6 * validLoss, `${trainLoss}, ${validLoss}`);
  });

  test("gives each step its registers, and every row once an epoch", async (t) => {
    const { executor, runs: all } = recording(reference.create());
    t.after(() => executor.close());
    const settings = randomConfig({ optimizer: "adam", epochs: 2, schedule: "step:1:0.5" });
    await trainOn(executor, settings, new DroppingModel());
    const runs = all.filter((inputs) => "learningRate" in inputs);
    assert.deepEqual(
      runs.map(({ step }) => step),
      [1, 2, 3, 4, 5, 6],
    );
    assert.deepEqual(
      runs.map(({ learningRate }) => learningRate),
      [0.05, 0.05, 0.05, 0.025, 0.025, 0.025],
    );
    assert.ok(
      runs.every((inputs) => !("momentum" in inputs)),
      "adam has no momentum register",
    );
    const valuesOf = (name: string): number[][] =>
      runs.map((inputs) => [...(inputs[name] as HostArray).data]);
    assert.equal(new Set(valuesOf("randomKey").map((key) => key.join())).size, 6);
    const indices = valuesOf("indices");
    const epochs = [indices.slice(0, 3).flat(), indices.slice(3).flat()];
    const inOrder = Array.from({ length: 10 }, (_, i) => i);
    for (const epoch of epochs)
      assert.deepEqual(
        epoch.toSorted((a, b) => a - b),
        inOrder,
      );
    assert.notDeepEqual(epochs[0], epochs[1], "each epoch has its own order");
  });

  test("reports the learning rate that its schedule gives", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const { epochs } = await trainOn(executor, randomConfig({ schedule: "step:1:0.5" }));
    assert.deepEqual(
      epochs.map(({ learningRate }) => learningRate),
      [0.05, 0.025, 0.0125],
    );
  });

  test("ends after the step in progress if the signal is given", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const stop = new AbortController();
    const second: Callback = { onStep: ({ step }) => step === 2 && stop.abort() };
    const options = { signal: stop.signal, callbacks: [second] };
    const {
      steps,
      epochs,
      test: tested,
    } = await trainOn(executor, randomConfig(), new TinyModel(), options);
    assert.deepEqual([steps.length, epochs.length, tested], [2, 0, null]);
  });

  test("refuses validation images that do not fit, or are none, before the first step", async () => {
    const grey = (rows: number): Dataset => ({
      name: "grey",
      classes: ["a", "b", "c"],
      images: hostArray([rows, 6, 5, 1], undefined, "u8"),
      labels: hostArray([rows], undefined, "i32"),
    });
    const start = (valid: Dataset): Promise<unknown> =>
      trainOn(reference.create(), randomConfig(), new TinyModel(), {
        data: { ...tinyData(), valid },
        callbacks: [{ onStep: () => assert.fail("a step was taken") }],
      });
    await assert.rejects(start(grey(4)), { code: "ERR_SHAPE" });
    await assert.rejects(start({ ...randomDataset(1, 2), ...emptyImages }), {
      code: "ERR_DATA_ROWS",
    });
  });

  test("takes no step if the signal was given before", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const options = { signal: AbortSignal.abort() };
    const { steps, progress } = await trainOn(executor, randomConfig(), new TinyModel(), options);
    assert.deepEqual([steps.length, progress.step], [0, 0]);
  });

  test("counts the time of its steps, also before a pause, and not that of callbacks", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const settings = randomConfig({ epochs: 2 });
    const model = new LinearModel();
    const stop: Callback = { onStep: ({ step }, training) => step === 3 && training.stop() };
    const wait: Callback = { onStep: () => sleep(300) };
    const { progress, epochs } = await trainOn(executor, settings, model, {
      callbacks: [wait, stop],
    });
    assert.deepEqual([progress.step, epochs.length], [3, 0]);
    const rest = await trainOn(executor, settings, model, { from: { progress, epochs } });
    const [{ seconds, imagesPerSecond } = { seconds: NaN, imagesPerSecond: NaN }] = rest.epochs;
    assert.ok(seconds < 0.8, `${seconds} s, with 0.9 s of waiting`);
    assert.ok(imagesPerSecond >= 10 / seconds, `${imagesPerSecond} images/s`);
  });

  test("counts the time in which its steps wait for images", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const slow: Callback = {
      onSetUp(training) {
        const batches = training.batches.bind(training);
        training.batches = async function* () {
          for await (const batch of batches()) {
            await sleep(50);
            yield batch;
          }
        };
      },
    };
    const shares: number[] = [];
    const read: Callback = { onStep: ({ waiting = NaN }) => void shares.push(waiting) };
    const { epochs } = await trainOn(executor, randomConfig({ epochs: 1 }), new LinearModel(), {
      callbacks: [slow, read],
    });
    const [{ waiting = NaN, seconds } = { seconds: NaN }] = epochs;
    assert.ok(waiting * seconds > 0.045 * shares.length, `${waiting} of ${seconds} s`);
    assert.ok([...shares, waiting].every((share) => share > 0 && share <= 1));
  });

  test("leaves no program behind when it is refused", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    let open = 0;
    const counting: Executor = Object.assign(Object.create(executor) as Executor, {
      async load(program: Parameters<Executor["load"]>[0]) {
        const loaded = await executor.load(program);
        open++;
        const close = async (): Promise<void> => {
          open--;
          await loaded.close();
        };
        return { ...loaded, program, run: loaded.run.bind(loaded), close };
      },
    });
    for (const name of ["read", "write", "states", "remove"] as const)
      Object.assign(counting, { [name]: (executor[name] as () => unknown).bind(executor) });
    const settings = randomConfig({ bestMetric: "validTop5" });
    await assert.rejects(trainOn(counting, settings), { code: "ERR_CONFIG" });
    assert.equal(open, 0);
  });

  test("calls callbacks in order: set-up, start, steps, epochs, stop, end", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const calls: string[] = [];
    const callback: Callback = {
      onSetUp: () => calls.push("set-up"),
      onStart: () => calls.push("start"),
      onStep: ({ step }) => calls.push(`step ${step}`),
      onEpoch: ({ epoch }) => calls.push(`epoch ${epoch}`),
      onStop: () => calls.push("stop"),
      onEnd: ({ test: tested }) => calls.push(`end ${tested?.predictions.length}`),
    };
    const data = { ...tinyData(), test: randomDataset(4, 9) };
    const options = { callbacks: [callback], data };
    await trainOn(executor, randomConfig({ epochs: 1 }), new TinyModel(), options);
    assert.deepEqual(calls, [
      "set-up",
      "start",
      "step 1",
      "step 2",
      "step 3",
      "epoch 1",
      "stop",
      "end 4",
    ]);
  });

  test("says when the loss is no longer a number", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    await assert.rejects(trainOn(executor, randomConfig({ learningRate: 1e30 })), {
      code: "ERR_DIVERGED",
      message:
        /^the training loss became (NaN|Infinity) in step \d of epoch 1, at a learning rate of [\d.e+]+: try/,
    });
  });

  /** One step an epoch, whose loss is a number, and after which no weight is. */
  const wild = { learningRate: 1e39, schedule: "constant", batch: 10, epochs: 2 } as const;

  test("notices weights that are no numbers after an epoch that is not validated", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const settings = randomConfig({ ...wild, evaluateEvery: 2 });
    await assert.rejects(trainOn(executor, settings), {
      code: "ERR_DIVERGED",
      message:
        "the weights are not finite after epoch 1, at a learning rate of 1e+39: " +
        "try a lower learning rate, a warm-up, or clipped gradients (clipNorm, --clip-norm)",
    });
  });

  test("says when the validation loss is no longer a number", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const settings = randomConfig(wild);
    await assert.rejects(trainOn(executor, settings), {
      code: "ERR_DIVERGED",
      message: /^the validation loss became NaN after epoch 1, at a learning rate of 1e\+39: try/,
    });
  });

  test("says which last batch cannot be normalized", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const data = { train: randomDataset(5, 1), valid: randomDataset(2, 2) };
    const model = resnet18({ width: 2, channels: 2, classes: 3 });
    await assert.rejects(trainOn(executor, randomConfig(), model, { data }), {
      code: "ERR_ATTRIBUTE",
      message: /^batch norm needs more than one value per channel in training/,
    });
  });
});

describe("evaluation", () => {
  test("changes nothing, counts every row, and does not depend on the size of its batches", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const model = new TinyModel();
    await writeModelState(executor, model, initialState(model, 5));
    const data = randomDataset(7, 3);
    const source = await residentSource(executor, "test", data, normalize);
    const before = [...(await readModelState(executor, model))];
    const results = [];
    for (const batch of [7, 3, 1]) {
      results.push(
        await (await Evaluator.create(source, { executor, model, batch: batch })).evaluate(),
      );
    }
    assert.deepEqual([...(await readModelState(executor, model))], before);
    const [whole] = results;
    const right = whole!.predictions.filter((guess, i) => guess === data.labels.data[i]).length;
    assert.equal(whole!.accuracy, right / 7);
    for (const { loss, accuracy, predictions } of results) {
      // The same sum of 7 float32 losses, cut differently.
      assert.ok(Math.abs(loss - whole!.loss) < 1e-6 * whole!.loss);
      assert.equal(accuracy, whole!.accuracy);
      assert.deepEqual(predictions, whole!.predictions);
    }
  });
});

describe("an evaluation of views", () => {
  test("of one is the evaluation, and of several has the mean of their probabilities", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const model = new TinyModel();
    await writeModelState(executor, model, initialState(model, 5));
    const { labels } = randomDataset(7, 3);
    const open = (seed: number): Promise<BatchSource> =>
      residentSource(executor, "test", { ...randomDataset(7, seed), labels }, normalize);

    const alone = await (
      await Evaluator.create(await open(3), { executor, model, batch: 7 })
    ).evaluate();
    const one = await evaluateViews([() => open(3)], { executor, model, batch: 3 });
    assert.deepEqual(one.predictions, alone.predictions);
    assert.deepEqual(one.ranks, alone.ranks);
    assert.ok(Math.abs(one.loss - alone.loss) < 1e-6);

    const views = [3, 11, 12].map((seed) => () => open(seed)); // each writes over the one before
    const several = await evaluateViews(views, { executor, model, batch: 3 });
    const each = [];
    for (const seed of [3, 11, 12])
      each.push(
        await (await Evaluator.create(await open(seed), { executor, model, batch: 7 })).evaluate(),
      );
    for (const [row, loss] of several.losses.entries()) {
      const ofTruth = each.map(({ losses }) => Math.exp(-losses[row]!));
      const expected = -Math.log(ofTruth.reduce((sum, value) => sum + value, 0) / 3);
      assert.ok(Math.abs(loss - expected) < 1e-5, `${loss} ${expected}`);
    }
    const mean = several.losses.reduce((sum, value) => sum + value, 0) / 7;
    assert.ok(Math.abs(several.loss - mean) < 1e-6);
    const hits = several.predictions.filter((guess, row) => guess === labels.data[row]).length;
    assert.equal(several.accuracy, hits / 7);
    assert.notDeepEqual(several.confidences, alone.confidences);
  });

  test("needs one", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    await assert.rejects(evaluateViews([], { executor, model: new TinyModel(), batch: 3 }), {
      code: "ERR_DATA_ROWS",
      message: "there is no view to evaluate on: give at least one",
    });
  });
});

describe("model state", () => {
  test("comes back as it was written", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const model = new TinyModel();
    const state = initialState(model, 9);
    await writeModelState(executor, model, state);
    assert.deepEqual([...(await readModelState(executor, model))], [...state]);
  });

  test("lists what is missing, unexpected and of another shape, all at once", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const model = new TinyModel();
    const state = new Map(initialState(model, 1));
    state.delete("fc.bias");
    state.set("fc.weight", hostArray([4, 3]));
    state.set("head.weight", hostArray([1]));
    state.set("block.bn1.num_batches_tracked", hostArray([]));
    await assert.rejects(writeModelState(executor, model, state), {
      name: "ResnetError",
      code: "ERR_CHECKPOINT",
      message:
        "these weights are not of this model:\n" +
        "  wrong shape fc.weight [4, 3], the model has [3, 4]\n" +
        "  missing     fc.bias [3]\n" +
        "  unexpected  head.weight",
    });
    assert.equal(executor.states().size, 0, "nothing was written");
  });

  test("lists no more than twelve", async () => {
    const executor = reference.create();
    const model = new TinyModel();
    await assert.rejects(writeModelState(executor, model, new Map()), {
      message: /\n {2}… and 5 more$/,
    });
  });
});
