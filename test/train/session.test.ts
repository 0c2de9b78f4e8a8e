// A loop of one's own: the same numbers as `train`, own losses, own batches, watching, saving.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { input, type Tensor } from "../../src/graph/tensor.js";
import { namedParameters, type Module } from "../../src/nn/module.js";
import { add } from "../../src/ops/add.js";
import { lerp } from "../../src/ops/lerp.js";
import { createSession, type NodeSessionOptions } from "../../src/node/train/create-session.js";
import { save } from "../../src/node/train/save.js";
import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import { crossEntropy, type Loss, type Targets } from "../../src/train/loss.js";
import { imageSet } from "../../src/train/image-set.js";
import { adamw, sgd } from "../../src/train/optimizers.js";
import type { Session } from "../../src/train/session.js";
import type { ModelState } from "../../src/checkpoint/model-state.js";
import { assertClose, ulp } from "../helpers/assert-close.js";
import { executorsUnderTest, nativeExecutors, reference } from "../helpers/executors.js";
import { normalize, randomConfig, randomDataset } from "../helpers/random-dataset.js";
import { DroppingModel, LinearModel, TinyModel } from "../helpers/tiny-model.js";
import { tinyData, trainOn } from "../helpers/train-on.js";

const [fast = reference] = nativeExecutors;

const valuesOf = (state: ModelState): Map<string, number[]> =>
  new Map([...state].map(([name, { data }]) => [name, [...data]]));

/** A session on the fast executor, which the test closes. */
async function sessionOf<T extends Targets = Tensor>(
  t: TestContext,
  options: Partial<NodeSessionOptions<T>> = {},
  model: Module = new TinyModel(),
): Promise<Session> {
  const executor = fast.create();
  t.after(() => executor.close());
  return createSession(model, { optimizer: sgd(), seed: 1, executor, ...options });
}

/** Ten images as arrays `[N, C, H, W]`, normalized as the data set is, and their labels. */
function arraysOf({ images, labels } = tinyData().train): {
  readonly images: HostArray<"f32">;
  readonly targets: HostArray;
} {
  const [rows = 0, h = 0, w = 0, c = 0] = images.shape;
  const values = new Float32Array(images.data.length);
  for (let row = 0; row < rows; row++)
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++)
        for (let k = 0; k < c; k++)
          values[((row * c + k) * h + y) * w + x] =
            (images.data[((row * h + y) * w + x) * c + k]! / 255 - 0.5) / 0.5;
  return { images: hostArray([rows, c, h, w], values), targets: labels };
}

for (const { name, create } of executorsUnderTest) {
  describe(`a loop of one's own on ${name}`, () => {
    for (const accumulate of [1, 2]) {
      test(`ends with the weights of train, bit for bit, with ${accumulate} batches a step`, async (t) => {
        const data = tinyData();
        const config = randomConfig({
          optimizer: "adamw",
          weightDecay: 0.01,
          schedule: "constant",
          labelSmoothing: 0.1,
          clipNorm: 1,
          emaDecay: 0.9,
          mixup: 0.4,
          accumulate,
        });
        const executors = [create(), create()] as const;
        for (const each of executors) t.after(() => each.close());
        const expected = await trainOn(executors[0], config, new DroppingModel(), { data });

        const session = await createSession(new DroppingModel(), {
          executor: executors[1],
          optimizer: adamw({ weightDecay: 0.01 }),
          loss: crossEntropy({ labelSmoothing: 0.1 }),
          evaluationLoss: crossEntropy(),
          seed: config.seed,
          clipNorm: 1,
          emaDecay: 0.9,
          mixup: 0.4,
        });
        const trainset = imageSet(data.train, { normalize });
        const losses: number[] = [];
        for (let epoch = 0; epoch < config.epochs; epoch++) {
          const order = { size: config.batch, seed: config.seed, epoch, accumulate };
          for await (const batch of session.batches(trainset, order)) {
            if (batch.endsStep) await session.step(batch, { learningRate: config.learningRate });
            else await session.accumulate(batch);
          }
          const { loss } = await session.evaluate(imageSet(data.valid, { normalize }), 4);
          losses.push(loss);
        }
        assert.deepEqual(valuesOf(await session.weights()), valuesOf(expected.weights));
        assert.deepEqual(
          losses,
          expected.epochs.map(({ validLoss }) => validLoss),
        );
        await session.close();
      });
    }
  });
}

describe("a loss of one's own", () => {
  test("is a function of traced tensors; twice the loss has twice the gradients", async (t) => {
    const twice: Loss = (outputs, targets) => {
      const { loss } = crossEntropy()(outputs, targets);
      return { loss: add(loss, loss), half: loss };
    };
    const batch = arraysOf();
    const results = [];
    for (const loss of [crossEntropy(), twice]) {
      const session = await sessionOf(t, { loss });
      await session.watch("fc.weight.grad");
      results.push(await session.step(batch, { learningRate: 0.1 }));
    }
    const [single, double] = results;
    assert.equal(double!.loss, 2 * single!.loss);
    assert.equal(double!.values["half"]!.data[0], single!.loss);
    assert.ok(Number.isNaN(double!.accuracy), "this loss does not count what is correct");
    assertClose(
      Float32Array.from(double!.values["fc.weight.grad"]!.data, (each) => each / 2),
      single!.values["fc.weight.grad"]!.data as Float32Array,
      { rtol: 4 * ulp },
    );
  });

  test("takes scalars by name, which change from step to step without a new program", async (t) => {
    const smoothed = crossEntropy({ labelSmoothing: 0.5 });
    const blend: Loss = (outputs, targets) => {
      const [plain, other] = [crossEntropy(), smoothed].map((each) => each(outputs, targets).loss);
      return lerp(plain!, other!, input("alpha", []));
    };
    const session = await sessionOf(t, { loss: blend });
    const batch = arraysOf();
    const at = async (alpha: number): Promise<number> =>
      (await session.step(batch, { learningRate: 0, alpha })).loss;
    const load = t.mock.method(session.executor, "load");
    const [none, half, whole] = [await at(0), await at(0.5), await at(1)];
    assert.equal(load.mock.callCount(), 1);
    assert.ok(Math.abs(half - (none + whole) / 2) < 1e-6, `${none} ${half} ${whole}`);
    assert.notEqual(none, whole);
    await assert.rejects(session.step(batch, { learningRate: 0 }), { code: "ERR_INPUT" });
  });

  test("must be one number", async (t) => {
    const session = await sessionOf(t, { loss: (outputs) => outputs });
    await assert.rejects(session.step(arraysOf(), { learningRate: 0.1 }), {
      code: "ERR_LOSS",
      message:
        "the loss is f32 [10, 3], but it must be one f32 number, []: take the mean or the sum of it",
    });
  });

  test("takes several targets by name, and crossEntropy says that it takes one", async (t) => {
    const { images, targets } = arraysOf();
    const named = { images, targets: { label: targets, other: targets } };
    const loss: Loss<{ label: Tensor; other: Tensor }> = (outputs, { label }) =>
      crossEntropy()(outputs, label);
    const own = await sessionOf(t, { loss: loss });
    const plain = await sessionOf(t);
    const { loss: found } = await own.step(named, { learningRate: 0.1 });
    assert.equal(found, (await plain.step({ images, targets }, { learningRate: 0.1 })).loss);
    await assert.rejects(plain.step(named, { learningRate: 0.1 }), {
      code: "ERR_LOSS",
      message:
        "crossEntropy takes one array of labels as targets, but the batch has label, other: write a loss that picks one of them",
    });
  });
});

describe("batches of one's own", () => {
  test("give what the same rows of a data set give", async (t) => {
    const [mine, theirs] = [await sessionOf(t), await sessionOf(t)];
    const set = imageSet(tinyData().train, { normalize });
    for await (const batch of theirs.batches(set, { size: 10 })) {
      const { loss, accuracy } = await theirs.step(batch, { learningRate: 0.1 });
      const own = await mine.step(arraysOf(), { learningRate: 0.1 });
      assert.ok(Math.abs(own.loss - loss) < 1e-6, `${own.loss} ${loss}`);
      assert.equal(own.accuracy, accuracy);
    }
    const evaluation = await theirs.evaluate(set);
    const own = await mine.evaluate([arraysOf(), arraysOf()]);
    assert.equal(own.samples, 20);
    assert.ok(Math.abs(own.loss - evaluation.loss) < 1e-5, `${own.loss} ${evaluation.loss}`);
    assert.equal(own.accuracy, evaluation.accuracy);
  });

  test("are refused with one sentence", async (t) => {
    const session = await sessionOf(t);
    const { images, targets } = arraysOf();
    const bytes = hostArray([10, 2, 6, 5], undefined, "u8");
    await assert.rejects(session.step({ images: bytes, targets }, { learningRate: 1 }), {
      code: "ERR_INPUT",
      message: /^the images are u8, but a batch takes f32: /,
    });
    const fewer = hostArray([9], undefined, "i32");
    await assert.rejects(session.step({ images, targets: fewer }, { learningRate: 1 }), {
      code: "ERR_INPUT",
      message: "the targets have the shape [9], but there are 10 images: give one row for each",
    });
    await assert.rejects(session.step({ images, targets }, {} as { learningRate: number }), {
      code: "ERR_INPUT",
      message: "a step takes a learning rate: step(batch, { learningRate: 0.1 })",
    });
  });

  test("accumulate as one step of all of them", async (t) => {
    const model = (): LinearModel => new LinearModel();
    const whole = await sessionOf(t, {}, model());
    const parts = await sessionOf(t, {}, model());
    const { images, targets } = arraysOf();
    const part = (from: number, to: number) => ({
      images: hostArray([to - from, 2, 6, 5], images.data.slice(from * 60, to * 60)),
      targets: hostArray([to - from], targets.data.slice(from, to), "i32"),
    });
    await whole.step({ images, targets }, { learningRate: 0.1 });
    await parts.accumulate(part(0, 6), { weight: 0.6 });
    await assert.rejects(parts.save(), {
      code: "ERR_SESSION",
      message:
        "the session cannot be saved within a step, after 1 accumulated batches: end the step first",
    });
    await parts.step(part(6, 10), { learningRate: 0.1, weight: 0.4 });
    assert.deepEqual([whole.steps, parts.steps], [1, 1]);
    const [expected, found] = [await whole.weights(), await parts.weights()];
    for (const [name, { data }] of expected)
      assertClose(found.get(name)!.data as Float32Array, data as Float32Array, {
        rtol: 8 * ulp,
      });
  });
});

describe("watching", () => {
  test("returns the output of a module, its gradient, and that of a parameter", async (t) => {
    const session = await sessionOf(t);
    await session.watch("fc", "fc.grad", "block", "fc.bias.grad");
    const { values } = await session.step(arraysOf(), { learningRate: 0.1 });
    assert.deepEqual(values["block"]!.shape, [10, 4, 3, 3]);
    assert.deepEqual(values["fc"]!.shape, [10, 3]);
    // The gradient of a bias is the sum of the gradient of the outputs over the samples.
    const dy = values["fc.grad"]!.data;
    const sums = [0, 1, 2].map((k) =>
      Array.from({ length: 10 }, (_, n) => dy[n * 3 + k]!).reduce((a, b) => a + b),
    );
    assertClose(values["fc.bias.grad"]!.data as Float32Array, Float32Array.from(sums), {
      rtol: 1e-6,
    });
    await session.unwatch("fc", "fc.grad", "block", "fc.bias.grad");
    assert.deepEqual((await session.step(arraysOf(), { learningRate: 0.1 })).values, {});
    await session.watch("blok.grad");
    await assert.rejects(session.step(arraysOf(), { learningRate: 0.1 }), {
      code: "ERR_WATCH",
      message: /^the model has no module "blok" \(did you mean block\?\)/,
    });
  });

  test("gives the output that forward gives after a step of rate 0 in a model without statistics", async (t) => {
    const session = await sessionOf(t, {}, new LinearModel());
    await session.watch("fc");
    const batch = arraysOf();
    const { values } = await session.step(batch, { learningRate: 0 });
    const logits = await session.forward(batch.images);
    assert.deepEqual([...logits.data], [...values["fc"]!.data]);
  });
});

describe("a saved session", () => {
  test("goes on bit for bit, from a file", async (t) => {
    const directory = await mkdtemp(path.join(tmpdir(), "session-"));
    t.after(() => rm(directory, { recursive: true }));
    const file = path.join(directory, "session.safetensors");
    const options = { optimizer: adamw(), emaDecay: 0.9 };
    const model = (): Module => new DroppingModel();
    const straight = await sessionOf(t, options, model());
    for (let i = 0; i < 2; i++) await straight.step(arraysOf(), { learningRate: 0.01 });
    await save(straight, file);
    const resumed = await sessionOf(t, { ...options, resume: file }, model());
    assert.equal(resumed.steps, 2);
    for (const session of [straight, resumed])
      for (let i = 0; i < 2; i++) await session.step(arraysOf(), { learningRate: 0.01 });
    assert.deepEqual(await resumed.save(), await straight.save());
  });

  test("of another model, or of no session, is refused", async (t) => {
    const session = await sessionOf(t);
    await session.step(arraysOf(), { learningRate: 0.1 });
    const saved = await session.save();
    await assert.rejects(sessionOf(t, { resume: saved }, new LinearModel()), {
      code: "ERR_CHECKPOINT",
      message: /^these weights are not of this model:/,
    });
    const empty = Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d]);
    await assert.rejects(sessionOf(t, { resume: empty }), {
      code: "ERR_CHECKPOINT",
      message: /^the file does not say how many steps were made/,
    });
  });
});

test("a frozen part keeps its values", async (t) => {
  const session = await sessionOf(t, { freeze: ["block"] });
  const before = valuesOf(await session.weights());
  await session.step(arraysOf(), { learningRate: 0.1 });
  const after = valuesOf(await session.weights());
  for (const name of namedParameters(session.model).keys())
    assert.equal(
      JSON.stringify(after.get(name)) === JSON.stringify(before.get(name)),
      name.startsWith("block."),
      name,
    );
});

test("numbers that no session can train with are refused", async (t) => {
  for (const [options, message] of [
    [{ mixup: 0 }, "createSession: mixup is 0, but it must be a number from 0.05 to 8"],
    [{ clipNorm: -1 }, "createSession: clipNorm is -1, but it must be a number above 0"],
    [
      { lrScales: { fc: 0 } },
      "createSession: lrScales of fc is 0, but it must be a number above 0",
    ],
  ] as const)
    await assert.rejects(sessionOf(t, options), { code: "ERR_ARGUMENT", message });
});

test("averages that a saved session did not keep start at its weights", async (t) => {
  const plain = await sessionOf(t);
  await plain.step(arraysOf(), { learningRate: 0.1 });
  const resumed = await sessionOf(t, { emaDecay: 0.9, resume: await plain.save() });
  assert.deepEqual(valuesOf(await resumed.weights()), valuesOf(await plain.weights()));
});

test("a data set is uploaded once, also if its image set is made again", async (t) => {
  const session = await sessionOf(t);
  const data = tinyData().train;
  for (let epoch = 0; epoch < 2; epoch++)
    for await (const batch of session.batches(imageSet(data, { normalize }), { size: 4, epoch }))
      await session.step(batch, { learningRate: 0.1 });
  const uploads = [...session.executor.states().keys()].filter((name) => name.endsWith("/images"));
  assert.equal(uploads.length, 1);
});

test("closing a session frees its data in the executor", async (t) => {
  const session = await sessionOf(t);
  for (const rows of [10, 7]) {
    for await (const batch of session.batches(randomDataset(rows, 1), { size: 4 }))
      await session.step(batch, { learningRate: 0.1 });
  }
  const data = (): string[] =>
    [...session.executor.states().keys()].filter((name) => name.startsWith("data/"));
  assert.equal(data().length, 4);
  await session.close();
  assert.deepEqual(data(), []);
});
