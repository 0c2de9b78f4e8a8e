// Weights under the names that trainings, wrappers and other libraries give them.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import type { StoredArray } from "../../src/interop/stored-array.js";
import { writeSafetensors } from "../../src/interop/write-safetensors.js";
import { createModel, type ModelOptions } from "../../src/models/catalog.js";
import { readWeights } from "../../src/node/interop/read-weights.js";
import type { Weights } from "../../src/interop/stored-array.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { importWeights, type ImportOptions } from "../../src/checkpoint/import-weights.js";
import { readFirstWeights } from "../../src/node/runs/first-weights.js";
import { initialState, type ModelState } from "../../src/checkpoint/model-state.js";
import { resnet } from "../helpers/resnet-command.js";
import { scratchFolder } from "../helpers/scratch-folder.js";
import { nestedTorchFile } from "../helpers/torch-file.js";

const folder = scratchFolder();

const stateOf = (model: string, options: Partial<ModelOptions> = {}): ModelState =>
  initialState(createModel(model, { classes: 10, channels: 3, ...options }), 3);

const resnet20 = stateOf("cifar-resnet20");

const renamed = (state: Weights, rename: (name: string) => string): Map<string, StoredArray> =>
  new Map([...state].map(([name, array]) => [rename(name), array]));

const take = (weights: Weights, options: Partial<ImportOptions> = {}) =>
  importWeights(weights, { model: "cifar-resnet20", file: "some.pth", ...options });

describe("Prefixes are inferred from the names that the model wants", () => {
  for (const prefix of ["net.", "student.encoder.", "_forward_module.model.", "0.", "backbone."]) {
    test(`such as ${prefix}`, () => {
      const { state, notices } = take(renamed(resnet20, (name) => prefix + name));
      assert.deepEqual(new Map(state), new Map(resnet20));
      assert.deepEqual(notices, []);
    });
  }

  test("also beside the tensors of a criterion and a metric, which are left out with a notice", () => {
    const weights = renamed(resnet20, (name) => `model.${name}`);
    weights.set("criterion.weight", hostArray([10]));
    weights.set("train_accuracy.total", hostArray([]));
    const { state, notices } = take(weights);
    assert.deepEqual(new Map(state), new Map(resnet20));
    assert.deepEqual(notices, [
      "left out, since the model has no such weights: criterion.weight, train_accuracy.total",
    ]);
  });

  test("also where there is no prefix", () => {
    const weights = renamed(resnet20, (name) => name).set("criterion.weight", hostArray([10]));
    assert.deepEqual(take(weights).notices, [
      "left out, since the model has no such weights: criterion.weight",
    ]);
  });

  test("but a further layer is refused", () => {
    const convolution = renamed(resnet20, (name) => name);
    convolution.set("layer3.3.conv1.weight", hostArray([64, 64, 3, 3]));
    assert.throws(() => take(convolution), /unexpected {2}layer3\.3\.conv1\.weight/);
    const linear = renamed(resnet20, (name) => name).set("linear2.weight", hostArray([10, 10]));
    assert.throws(() => take(linear), /unexpected {2}linear2\.weight/);
    const norm = renamed(resnet20, (name) => name).set("linear.0.running_mean", hostArray([64]));
    assert.throws(() => take(norm), /unexpected {2}linear\.0\.running_mean/);
  });
});

describe("The head is found under other names", () => {
  for (const head of ["linear.1", "fc", "head.fc", "classifier.3", "last_linear"]) {
    test(`such as ${head}`, () => {
      const { state, notices } = take(
        renamed(resnet20, (name) => name.replace(/^linear(?=\.)/, head)),
      );
      assert.deepEqual(new Map(state), new Map(resnet20));
      assert.deepEqual(notices, [`linear is taken from ${head}`]);
    });
  }

  test("outside of the backbone's prefix", () => {
    const weights = renamed(resnet20, (name) =>
      name.startsWith("linear.") ? name.replace("linear", "classifier") : `backbone.${name}`,
    );
    const { state, notices } = take(weights);
    assert.deepEqual(new Map(state), new Map(resnet20));
    assert.deepEqual(notices, ["linear is taken from classifier"]);
  });

  test("but not where it has two layers", () => {
    const weights = renamed(resnet20, (name) => name.replace(/^linear(?=\.)/, "linear.2"));
    weights.set("linear.0.weight", hostArray([64, 64]));
    weights.set("linear.0.bias", hostArray([64]));
    assert.throws(() => take(weights), {
      code: "ERR_WEIGHTS_MATCH",
      message: /missing {5}linear\.bias \[10\]/,
    });
  });
});

describe("Names of the CIFAR collection, with downsample and fc", () => {
  const own = stateOf("cifar-resnet20", { shortcut: "B" });
  const collection = renamed(own, (name) =>
    name.replace(".shortcut.", ".downsample.").replace(/^linear\./, "fc."),
  );

  test("are mapped, and the shortcuts taken as option B", () => {
    const { state, description, notices } = take(collection);
    assert.deepEqual(new Map(state), new Map(own));
    assert.deepEqual(description.modelOptions, { shortcut: "B" });
    assert.deepEqual(notices, [
      "the shortcuts have weights: the model is taken with shortcut=B",
      "linear is taken from fc",
    ]);
  });

  test("and the reverse: shortcut and linear for a ResNet-18 with a CIFAR stem", () => {
    const resnet18 = stateOf("resnet18", { stem: "cifar", width: 8 });
    const weights = renamed(resnet18, (name) =>
      name.replace(".downsample.", ".shortcut.").replace(/^fc\./, "linear."),
    );
    const modelOptions = { stem: "cifar", width: 8 } as const;
    const { state } = take(weights, { model: "resnet18", modelOptions });
    assert.deepEqual(new Map(state), new Map(resnet18));
  });
});

describe("Of weights that a file has several times", () => {
  const file = path.join(folder, "training.pth");
  const values = { "conv1.weight": [1, 2], "fc.bias": [3, 4] };
  const averaged = { "module.conv1.weight": [5, 6], "module.fc.bias": [7, 8] };
  writeFileSync(
    file,
    nestedTorchFile({
      epoch: 3,
      best_acc1: [9],
      state_dict: values,
      state_dict_ema: averaged,
      swa: { n_averaged: 2, weights: { "conv1.weight": [10, 11], "fc.bias": [12, 13] } },
      optimizer: { state: { a: [1], b: [2], c: [3] } },
    }),
  );

  test("import says which it takes and which others exist", async () => {
    const notices: string[] = [];
    const weights = await readWeights(file, { onNotice: (notice) => notices.push(notice) });
    assert.deepEqual([...weights.get("conv1.weight")!.data], [1, 2]);
    assert.deepEqual(notices, [
      `${file}: the weights under state_dict are taken; others are under state_dict_ema, swa.weights: resnet import --state NAME chooses`,
    ]);
  });

  const choices = { state_dict_ema: "module.conv1.weight", "swa.weights": "conv1.weight" };
  for (const [state, name] of Object.entries(choices)) {
    test(`an option takes ${state}`, async () => {
      const notices: string[] = [];
      const weights = await readWeights(file, { state, onNotice: (each) => notices.push(each) });
      assert.deepEqual(weights.get(name)!.data[0], state === "swa.weights" ? 10 : 5);
      assert.deepEqual(notices, []);
    });
  }

  test("a name that does not exist is refused with those that do", () => {
    const out = path.join(folder, "none.safetensors");
    const words = `import ${file} --model resnet18 --state ema --out ${out}`;
    const { status, stderr } = resnet(...words.split(" "));
    assert.equal(status, 1);
    assert.match(
      stderr,
      /training\.pth: it has no weights under ema: choose among state_dict, state_dict_ema, swa\.weights/,
    );
  });

  test("weights under any other key are found", async () => {
    for (const key of ["weights", "network", "model_state", "ema_model", "G"]) {
      const other = path.join(folder, `${key}.pth`);
      writeFileSync(other, nestedTorchFile({ epoch: 1, loss: [4], [key]: values }));
      assert.deepEqual([...(await readWeights(other)).keys()], Object.keys(values), key);
    }
  });

  test("prefixes are told apart too", async () => {
    const both = new Map([
      ...renamed(resnet20, (name) => `student.${name}`),
      ...renamed(stateOf("cifar-resnet20"), (name) => `teacher.${name}`),
    ]);
    const taught = path.join(folder, "taught.safetensors");
    writeFileSync(taught, await writeSafetensors(both as ModelState));
    const out = path.join(folder, "student.safetensors");
    const first = resnet("import", taught, "--model", "cifar-resnet20", "--out", out);
    assert.match(
      first.stderr,
      /several times: those under student are taken; others are under teacher: resnet import --state NAME chooses\n/,
    );
    const second = resnet(
      ..."import --model cifar-resnet20 --state teacher --out".split(" "),
      out,
      taught,
    );
    assert.deepEqual([second.status, second.stderr], [0, ""]);
  });
});

describe("A wrong --model gets the likeliest model and the first five differences", () => {
  test("by names and shapes", () => {
    const message = [
      "some.pth: these weights are not of cifar-resnet32; by names and shapes they are of --model cifar-resnet20 or --model plain20. The first 5 of 60 differences:",
      "missing     layer1.3.bn1.bias [16]",
      "missing     layer1.3.bn1.running_mean [16]",
      "missing     layer1.3.bn1.running_var [16]",
      "missing     layer1.3.bn1.weight [16]",
      "missing     layer1.3.bn2.bias [16]",
    ].join("\n  ");
    assert.throws(() => take(resnet20, { model: "cifar-resnet32" }), {
      code: "ERR_WEIGHTS_MATCH",
      message,
    });
  });

  test("with its options, whatever the prefix and the number of classes", () => {
    const weights = renamed(stateOf("resnet18", { stem: "cifar", classes: 7 }), (n) => `net.${n}`);
    assert.throws(
      () => take(weights, { model: "resnet34" }),
      /they are of --model resnet18 --model-option stem=cifar or --model resnetblur18 --model-option stem=cifar\. /,
    );
  });

  test("but none where no model fits", () => {
    const weights = new Map([["a.weight", hostArray([3])]]);
    assert.throws(
      () => take(weights),
      /^InteropError: some\.pth: these weights are not of cifar-resnet20\. The first 5 of /,
    );
  });
});

describe("A classifier with one output is imported as two classes", () => {
  const binary = stateOf("cifar-resnet20", { classes: 1 });
  const named = { classNames: ["ham", "spam"] };

  test("whose softmax is the sigmoid of the output", () => {
    const { state, description, notices } = take(binary, named);
    assert.deepEqual(description.classes, ["ham", "spam"]);
    const { shape, data } = state.get("linear.weight")!;
    assert.deepEqual(shape, [2, 64]);
    assert.ok(data.subarray(0, 64).every((value) => value === 0));
    assert.deepEqual([...data.subarray(64)], [...binary.get("linear.weight")!.data]);
    assert.equal(state.get("linear.bias")!.data[1], binary.get("linear.bias")!.data[0]);
    assert.match(notices.join(), /linear has one output: its sigmoid is taken for the probability/);
  });

  test("and starts a training on two classes", async () => {
    const file = path.join(folder, "binary.safetensors");
    writeFileSync(file, await writeSafetensors(binary));
    const model = createModel("cifar-resnet20", { classes: 2, channels: 3 });
    const { state, replaced } = await readFirstWeights(file, model, 0);
    assert.deepEqual(replaced, []);
    assert.deepEqual(state.get("linear.bias")!.shape, [2]);
  });

  test("and one class is refused with a reason", () => {
    assert.throws(() => take(binary, { classes: 1 }), {
      code: "ERR_CLASSES",
      message: /^a network of one class tells nothing apart/,
    });
    assert.throws(() => take(binary, { classNames: ["spam"] }), { code: "ERR_CLASSES" });
  });
});

describe("Weights for other channels are adapted as timm does", () => {
  const colour = resnet20.get("conv1.weight")!;
  const at = (data: ArrayLike<number>, filter: number, c: number, channels: number): number =>
    data[(filter * channels + c) * 9 + 4]!;

  test("3 channels are summed for 1", async () => {
    const file = path.join(folder, "colour.safetensors");
    writeFileSync(file, await writeSafetensors(resnet20));
    const model = createModel("cifar-resnet20", { classes: 10, channels: 1 });
    const { state, notices } = await readFirstWeights(file, model, 0);
    const grey = state.get("conv1.weight")!;
    assert.deepEqual(grey.shape, [16, 1, 3, 3]);
    for (const filter of [0, 7, 15]) {
      const sum = [0, 1, 2].reduce((total, c) => total + at(colour.data, filter, c, 3), 0);
      assert.ok(Math.abs(at(grey.data, filter, 0, 1) - sum) < 1e-6); // three roundings of values below 1
    }
    assert.deepEqual(notices, [
      "conv1.weight [16, 3, 3, 3] is for 3 channels and the model for 1: its channels are summed",
    ]);
  });

  test("1 channel is repeated for 3, with a third of the values", async () => {
    const grey = stateOf("cifar-resnet20", { channels: 1 });
    const file = path.join(folder, "grey.safetensors");
    writeFileSync(file, await writeSafetensors(grey));
    const model = createModel("cifar-resnet20", { classes: 10, channels: 3 });
    const { state, notices } = await readFirstWeights(file, model, 0);
    const { data } = state.get("conv1.weight")!;
    for (const c of [0, 1, 2]) {
      assert.equal(at(data, 5, c, 3), Math.fround(at(grey.get("conv1.weight")!.data, 5, 0, 1) / 3));
    }
    assert.match(notices[0]!, /its channels are repeated, times 1\/3$/);
  });

  test("3 channels are repeated for 4, times 3/4", () => {
    const { state } = take(resnet20, {
      image: [4, 32, 32],
      normalize: { mean: [0, 0, 0, 0], std: [1, 1, 1, 1] },
    });
    const { data } = state.get("conv1.weight")!;
    assert.equal(at(data, 5, 3, 4), Math.fround((at(colour.data, 5, 0, 3) * 3) / 4));
  });

  test("at import too, with the mean of the three means", () => {
    const { description } = take(resnet20, { image: [1, 32, 32] });
    const [mean] = description.normalize.mean;
    assert.ok(Math.abs(mean! - (0.485 + 0.456 + 0.406) / 3) < 1e-9);
  });
});
