import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import type { Weights } from "../../src/interop/stored-array.js";
import type { StoredArray } from "../../src/interop/stored-array.js";
import { createModel } from "../../src/models/catalog.js";
import { namedState } from "../../src/nn/module.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { importWeights } from "../../src/checkpoint/import-weights.js";
import { packageRoot } from "../helpers/fixtures.js";

const huggingFace = JSON.parse(
  readFileSync(path.join(packageRoot, "test/fixtures/torch/hugging-face-names.json"), "utf8"),
) as Readonly<Record<string, readonly (readonly [string, ...number[]])[]>>;

/** Weights of a model with 5 classes, under Hugging Face's names. */
const weightsOf = (model: string): Weights =>
  new Map<string, StoredArray>(
    huggingFace[model]!.map(([name, ...shape]): [string, StoredArray] =>
      name.endsWith("num_batches_tracked")
        ? [name, { shape, dtype: "i64", data: new BigInt64Array(1) }]
        : [name, hostArray(shape)],
    ),
  );

describe("importWeights", () => {
  for (const model of ["resnet18", "resnet50"]) {
    test(`takes Hugging Face's ${model}, and reads classes and channels off the shapes`, () => {
      const imported = importWeights(weightsOf(model), { model, file: "file" });
      const { description, state, counters, replaced } = imported;
      const expected = namedState(createModel(model, { classes: 5, channels: 3 }));
      assert.deepEqual([...state.keys()], [...expected.keys()]);
      assert.equal(state.size + counters.size, huggingFace[model]!.length);
      assert.deepEqual(replaced, []);
      assert.deepEqual(description, {
        model,
        classes: ["0", "1", "2", "3", "4"],
        imageShape: [224, 224, 3],
        transforms: [
          { type: "resize", size: 256, interpolation: "bilinear" },
          { type: "centerCrop", size: 224 },
        ],
        normalize: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
        epoch: 0,
      });
    });
  }

  test("puts convolutions and norms where they belong", () => {
    const weights = new Map(weightsOf("resnet50"));
    const pairs = {
      "resnet.embedder.embedder.convolution.weight": "conv1.weight",
      "resnet.embedder.embedder.normalization.bias": "bn1.bias",
      "resnet.encoder.stages.2.layers.5.layer.1.convolution.weight": "layer3.5.conv2.weight",
      "resnet.encoder.stages.2.layers.5.layer.2.normalization.running_var":
        "layer3.5.bn3.running_var",
      "resnet.encoder.stages.1.layers.0.shortcut.convolution.weight":
        "layer2.0.downsample.0.weight",
      "resnet.encoder.stages.1.layers.0.shortcut.normalization.weight":
        "layer2.0.downsample.1.weight",
      "classifier.1.bias": "fc.bias",
    };
    const { state } = importWeights(weights, { model: "resnet50", file: "file" });
    for (const [from, to] of Object.entries(pairs)) {
      assert.equal(state.get(to), weights.get(from), `${from} -> ${to}`);
    }
  });

  test("replaces the classifier by a new one for another number of classes", () => {
    const weights = weightsOf("resnet18");
    const options = { model: "resnet18", classes: 2, classNames: ["ant", "bee"], file: "file" };
    const { state, replaced, description } = importWeights(weights, options);
    assert.deepEqual(replaced, ["fc.weight", "fc.bias"]);
    assert.deepEqual(state.get("fc.weight")!.shape, [2, 512]);
    assert.ok(state.get("fc.weight")!.data.some((value) => value !== 0));
    assert.deepEqual(description.classes, ["ant", "bee"]);
    const again = importWeights(weights, options).state.get("fc.weight");
    assert.deepEqual(again, state.get("fc.weight"));
    const other = importWeights(weights, { ...options, seed: 1 }).state.get("fc.weight");
    assert.notDeepEqual(other, state.get("fc.weight"));
  });

  test("knows ImageNet's classes by name", () => {
    const options = { model: "resnet18", classes: 1000, file: "file" };
    const { description } = importWeights(weightsOf("resnet18"), options);
    assert.equal(description.classes[0], "tench");
    assert.equal(description.classes.length, 1000);
  });

  test("keeps a classifier that has as many classes as are asked for", () => {
    const options = { model: "resnet18", classes: 5, file: "file" };
    assert.deepEqual(importWeights(weightsOf("resnet18"), options).replaced, []);
  });

  test("refuses names that are not as many as the classes", () => {
    const options = { model: "resnet18", classes: 5, classNames: ["a"], file: "file" };
    assert.throws(() => importWeights(weightsOf("resnet18"), options), {
      code: "ERR_CLASSES",
      message: "there are 1 names for 5 classes: give as many",
    });
  });

  test("refuses a normalization of other channels", () => {
    const normalize = { mean: [0.5], std: [0.25] };
    const options = { model: "resnet18", normalize, file: "file" };
    assert.throws(() => importWeights(weightsOf("resnet18"), options), {
      code: "ERR_CONFIG",
      message: "the images have 3 channels but 1 means and 1 deviations are given",
    });
  });

  test("names the file and what is wrong for another model", () => {
    const options = { model: "resnet34", file: "some.pth" };
    assert.throws(() => importWeights(weightsOf("resnet18"), options), {
      code: "ERR_WEIGHTS_MATCH",
      message:
        /^some\.pth: these weights are not of resnet34; by names and shapes they are of --model resnet18 or --model resnetblur18\. The first 5 of \d+ differences:\n {2}missing {5}layer1\.2\.bn1\.bias/,
    });
  });
});
