// The library called by programs of one's own: every refusal has a code, is safe to print, and comes before the work.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { datasetOfArrays } from "../../src/data/dataset-of-arrays.js";
import type { Dataset } from "../../src/data/dataset.js";
import { DataError } from "../../src/data/data-error.js";
import { createModel } from "../../src/models/catalog.js";
import { BasicBlock } from "../../src/models/blocks.js";
import { ResnetError } from "../../src/tensor/error.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { parseConfig } from "../../src/train/config/config.js";
import { forward } from "../../src/train/forward.js";
import { findRecipe } from "../../src/train/recipes.js";
import { residentSource } from "../../src/train/sources/resident-source.js";
import { Session } from "../../src/train/session.js";
import { sgd } from "../../src/train/optimizers.js";
import { train } from "../../src/train/train.js";
import { executorsUnderTest } from "../helpers/executors.js";

test("an error of the library holds no control characters, whatever name stands in it", () => {
  const name = "cat\u001b[31m\u0007\u202e\u009bdog";
  for (const error of [
    new ResnetError("ERR_CONFIG", `${name} is wrong`),
    new DataError("ERR_DATA_NAME", `${name} is wrong`),
  ]) {
    assert.equal(error.message, "cat?[31m???dog is wrong");
    for (const control of ["\u001b", "\u0007", "\u009b"])
      assert.ok(!String(error.stack).includes(control));
  }
  assert.equal(
    new ResnetError("ERR_SHAPE", "x\ny").inModule(name).message,
    "x\ny\n  in cat?[31m???dog, while tracing",
  );
  const images = new Uint8Array(2);
  const classes = [name, name];
  assert.throws(() => datasetOfArrays({ images, shape: [2, 1, 1, 1], labels: [0, 1], classes }), {
    message: /two classes are named 'cat\?\[31m\?\?\?dog'/,
  });
});

describe("arrays", () => {
  for (const { name, create } of executorsUnderTest) {
    test(`on shared memory are taken by ${name}`, async (t) => {
      const executor = create();
      t.after(() => executor.close());
      const data = new Float32Array(new SharedArrayBuffer(16), 4, 2);
      data.set([1.5, -2]);
      await executor.write("shared", { shape: [2], dtype: "f32", data });
      const { data: read } = await executor.read("shared");
      assert.deepEqual([...read], [1.5, -2]);
    });
  }

  test("with too few values for their shape are refused before anything of that shape is made", async () => {
    const before = process.memoryUsage().arrayBuffers;
    const x = { shape: [1, 3, 9000, 9000], dtype: "f32", data: new Float32Array(4) } as const;
    await assert.rejects(forward(new BasicBlock(3, 3), x), {
      code: "ERR_INPUT",
      message:
        "the input of shape [1, 3, 9000, 9000] needs 243000000 elements in a Float32Array, but has 4",
    });
    assert.ok(process.memoryUsage().arrayBuffers - before < 100e6);
  });

  test("of an impossible shape are refused with a code", () => {
    for (const size of [-1, 1.5, NaN, Infinity])
      assert.throws(() => hostArray([2, size]), { code: "ERR_SHAPE" });
    assert.throws(() => hostArray([1e9, 1e9]), { code: "ERR_MEMORY" });
  });
});

describe("labels of a data set made by hand", () => {
  const config = parseConfig({
    ...findRecipe("fashion-resnet34").config,
    model: "cifar-resnet20",
    modelOptions: { width: 4 },
    epochs: 1,
    batch: 4,
    normalize: { mean: [0.5], std: [0.5] },
  });
  const dataset = (labels: readonly number[]): Dataset => ({
    name: "mine",
    images: hostArray([8, 8, 8, 1], new Uint8Array(512), "u8"),
    labels: hostArray([labels.length], labels, "i32"),
    classes: ["a", "b", "c"],
  });
  const good = [0, 1, 2, 0, 1, 2, 0, 1];
  const replaced = (row: number, label: number): readonly number[] =>
    good.map((each, i) => (i === row ? label : each));

  for (const part of ["train", "valid", "test"] as const) {
    test(`are named by row where there is no such class: ${part}`, async () => {
      const where = part === "train" ? "the training images" : "the images to evaluate";
      for (const [bad, row] of [
        [7, 5],
        [-1, 3],
      ] as const) {
        const labels = replaced(row, bad);
        const data = { train: dataset(good), valid: dataset(good), test: dataset(good) };
        await assert.rejects(train(config, { ...data, [part]: dataset(labels) }), {
          code: "ERR_DATA_LABEL",
          message: `${where}: the label of row ${row} is ${bad} but the classes are 0 to 2`,
        });
      }
    });
  }

  test("are named by row before the first step of a loop of one's own", async (t) => {
    const executor = executorsUnderTest[0]!.create();
    t.after(() => executor.close());
    const { normalize } = config;
    const model = createModel("cifar-resnet20", { width: 4, classes: 3, channels: 1 });
    const source = await residentSource(executor, "train", dataset(replaced(6, 3)), normalize);
    const session = new Session(executor, model, { optimizer: sgd() });
    await assert.rejects(session.prepare(source, 4), {
      code: "ERR_DATA_LABEL",
      message: "the training images: the label of row 6 is 3 but the classes are 0 to 2",
    });
  });

  test("are as many as the images", async () => {
    const data = { train: dataset(good.slice(1)), valid: dataset(good) };
    await assert.rejects(train(config, data), {
      code: "ERR_DATA_COUNT",
      message: "train: there are 8 images but 7 labels",
    });
  });
});
