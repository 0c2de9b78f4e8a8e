import assert from "node:assert/strict";
import path from "node:path";
import { describe, test } from "node:test";
import { datasetInfo } from "../../src/data/dataset-info.js";
import { parseSettings } from "../../src/data/parse-settings.js";
import { transformSchema } from "../../src/data/transforms/transform.js";
import { createModel, models } from "../../src/models/catalog.js";
import { findPretrained, listPretrained } from "../../src/pretrained/find-pretrained.js";
import { readHubConfig } from "../../src/pretrained/hub-config.js";
import {
  evaluationTransforms,
  normalizeFor,
  trainingTransforms,
} from "../../src/pretrained/preparation.js";
import { fitWeights } from "../../src/interop/fit-weights.js";
import { readWeights } from "../../src/node/interop/read-weights.js";
import {
  fetchPretrained,
  loadPretrained,
  readPretrained,
} from "../../src/node/pretrained/pretrained.js";
import { namedState } from "../../src/nn/module.js";
import {
  folderOf,
  publishedFile,
  sendFile,
  serve,
  skipWithoutPublished,
  testMachine,
} from "./weights-server.js";

describe("the table of pretrained weights", () => {
  test("has each name once, with a model of the catalogue", () => {
    const names = listPretrained().map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const { name, model } of listPretrained()) {
      assert.ok(Object.hasOwn(models, model), name);
      assert.ok(name.startsWith(`${model}.`), name);
    }
  });

  test("has what torchvision says of the second weights of ResNet-50", () => {
    assert.deepEqual(findPretrained("resnet50.imagenet1k_v2"), {
      name: "resnet50.imagenet1k_v2",
      model: "resnet50",
      source: "torchvision",
      address: "https://download.pytorch.org/models/resnet50-11ad3fa6.pth",
      sha256: "11ad3fa6",
      mebibytes: 97.79,
      licence: null,
      data: "ImageNet-1K",
      classes: 1000,
      top1: 80.858,
      top5: 95.434,
      image: [3, 224, 224],
      resize: 232,
      interpolation: "bilinear",
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    });
  });

  test("has hashes and sizes where they are published", () => {
    for (const { name, address, sha256, mebibytes, source } of listPretrained()) {
      assert.equal(sha256 === null, source === "timm", name);
      if (sha256 !== null) assert.ok(address.includes(`-${sha256}.`), name);
      if (source === "torchvision") assert.ok(mebibytes! > 1, name);
      if (source === "timm") assert.equal(address, `hf:timm/${name}`);
    }
  });

  test("has a preparation of pictures for all", () => {
    for (const weights of listPretrained()) {
      for (const transform of [...evaluationTransforms(weights), ...trainingTransforms(weights)])
        parseSettings(transformSchema, transform, weights.name);
      assert.equal(normalizeFor(weights, 3).mean.length, 3);
    }
  });

  test("lists those of one model, and refuses names that it does not have", () => {
    const names = listPretrained("resnet101").map(({ name }) => name);
    assert.ok(names.includes("resnet101.imagenet1k_v1") && names.includes("resnet101.a1_in1k"));
    assert.ok(listPretrained("resnet101").every(({ model }) => model === "resnet101"));
    assert.deepEqual(listPretrained("plain18"), []);
    assert.throws(() => listPretrained("resnet19"), { code: "ERR_MODEL" });
    assert.throws(() => findPretrained("resnet34.imagenet1k_v2"), {
      code: "ERR_PRETRAINED",
      isUsage: true,
      message:
        /^there are no pretrained weights "resnet34.imagenet1k_v2": choose one of resnet34\./,
    });
    assert.throws(() => findPretrained("resnet18imagenet1k_v1"), {
      message:
        /^there are no pretrained weights "resnet18imagenet1k_v1" \(did you mean resnet18\.imagenet1k_v1\?\): resnet pretrained list shows all/,
    });
  });

  test("gives grey images the mean of the three channels", () => {
    const weights = findPretrained("cifar-resnet20.cifar10");
    const { mean, std } = normalizeFor(weights, 1);
    assert.ok(Math.abs(mean[0]! - 0.449) < 1e-12 && Math.abs(std[0]! - 0.226) < 1e-12); // (0.485 + 0.456 + 0.406) / 3
  });
});

describe("pretrained weights by name", { skip: skipWithoutPublished }, () => {
  const name = "cifar-resnet20.cifar10";

  test("are fetched, checked and loaded", async (t) => {
    const server = await serve(t, (request, response) =>
      sendFile(request, response, publishedFile!),
    );
    const machine = testMachine(t, server);
    const { description } = await readPretrained(name, {}, machine);
    assert.deepEqual(description.classes, datasetInfo("cifar10").classes);
    assert.deepEqual(description.imageShape, [32, 32, 3]);
    assert.deepEqual(description.normalize.mean, [0.485, 0.456, 0.406]);
    const net = await loadPretrained(name, {}, machine);
    const { file } = await fetchPretrained(name, {}, machine);
    const shapes = new Map([...namedState(net)].map(([key, leaf]) => [key, leaf.torchShape]));
    const { state } = fitWeights(await readWeights(file), shapes, { file });
    for (const [key, array] of net.stateDict()) assert.deepEqual(array, state.get(key), key);
    assert.deepEqual(
      server.asked.map((asked) => path.basename(asked.path)),
      ["resnet20-12fca82f.th"],
    );
  });

  test("get a new head for another number of classes, which the seed decides", async (t) => {
    const pretrainedDir = folderOf(t, { "resnet20-12fca82f.th": publishedFile! });
    const notices: string[] = [];
    const options = { pretrainedDir, classes: 2, onNotice: (line: string) => notices.push(line) };
    const none = testMachine(t, null);
    const [one, same, other] = [
      await loadPretrained(name, options, none),
      await loadPretrained(name, { pretrainedDir, classes: 2, seed: 0 }, none),
      await loadPretrained(name, { pretrainedDir, classes: 2, seed: 1 }, none),
    ];
    assert.deepEqual(notices, [`${name}: linear.weight and linear.bias start anew, for 2 classes`]);
    const head = one.stateDict().get("linear.weight")!;
    assert.deepEqual(head.shape, [2, 64]);
    assert.deepEqual(same.stateDict().get("linear.weight"), head);
    assert.notDeepEqual(other.stateDict().get("linear.weight"), head);
    assert.deepEqual(other.stateDict().get("conv1.weight"), one.stateDict().get("conv1.weight"));
  });

  test("are missing or damaged in --pretrained-dir", async (t) => {
    const none = testMachine(t, null);
    const empty = folderOf(t, {});
    await assert.rejects(fetchPretrained(name, { pretrainedDir: empty }, none), {
      code: "ERR_PRETRAINED",
      message: new RegExp(
        "has no resnet20-12fca82f.th: download it on a machine with a network, from https://github.com/akamaster/.*" +
          `/resnet20-12fca82f.th or with resnet pretrained get ${name}$`,
      ),
    });
    const pretrainedDir = folderOf(t, { "resnet20-12fca82f.th": publishedFile!.subarray(9) });
    await assert.rejects(fetchPretrained(name, { pretrainedDir }, none), {
      code: "ERR_PRETRAINED_FILE",
    });
  });

  test("refuse misspelt options", async (t) => {
    const options = { class: 2 } as object;
    await assert.rejects(loadPretrained(name, options, testMachine(t, null)), {
      code: "ERR_ARGUMENT",
      message: /^loadPretrained has no option "class" \(did you mean classes\?\)/,
    });
  });
});

describe("readHubConfig", () => {
  const transformers = {
    model_type: "resnet",
    layer_type: "bottleneck",
    depths: [3, 4, 23, 3],
    hidden_sizes: [256, 512, 1024, 2048],
    embedding_size: 64,
    id2label: { 1: "bee", 0: "ant" },
  };
  const prepared = {
    size: { shortest_edge: 224 },
    crop_pct: 0.875,
    resample: 3,
    image_mean: [0.485, 0.456, 0.406],
    image_std: [0.229, 0.224, 0.225],
  };

  test("reads Transformers', with the preprocessor's", () => {
    assert.deepEqual(readHubConfig(transformers, prepared, "hf:a/b"), {
      model: "resnet101",
      classes: 2,
      classNames: ["ant", "bee"],
      licence: null,
      preparation: {
        image: [3, 224, 224],
        resize: 256,
        interpolation: "bicubic",
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
      },
    });
  });

  test("takes timm's default preparation where nothing is said, and the model before the point", () => {
    const found = readHubConfig({ architecture: "resnet18.a1_in1k" }, undefined, "hf:a/b");
    assert.equal(found.model, "resnet18");
    assert.equal(found.classes, null);
    assert.deepEqual(found.preparation.image, [3, 224, 224]);
    assert.equal(found.preparation.resize, 256);
  });

  test("refuses other models, and settings that do not fit", () => {
    const refused = (config: object, message: RegExp): void =>
      assert.throws(() => readHubConfig(config, undefined, "hf:a/b"), {
        code: "ERR_PRETRAINED",
        message,
      });
    refused({ architecture: "vit_base" }, /^hf:a\/b is of the model vit_base, which this package/);
    refused(
      { ...transformers, depths: [1, 1, 1, 1] },
      /of the model resnet of bottleneck layers 1,/,
    );
    refused({ ...transformers, model_type: "vit" }, /of the model vit of/);
    refused(
      { ...transformers, downsample_in_bottleneck: true },
      /which this package does not have/,
    );
    refused({ ...transformers, id2label: { 5: "a" } }, /has 1 names, but none for class 0$/);
    refused({ architecture: 3 }, /^hf:a\/b: config\.json is off: architecture is 3/);
    refused({}, /it has neither "architecture" nor "model_type"/);
  });

  test("makes networks that the catalogue has", () => {
    for (const depths of [
      [3, 4, 6, 3],
      [3, 8, 36, 3],
    ]) {
      const { model } = readHubConfig({ ...transformers, depths }, prepared, "hf:a/b");
      createModel(model, { classes: 2, channels: 3 });
    }
  });
});
