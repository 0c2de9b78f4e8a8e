// Weights and normalizations with which no network can compute are refused where they enter.
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { readWeights } from "../../src/node/interop/read-weights.js";
import { writeSafetensors } from "../../src/interop/write-safetensors.js";
import { Output } from "../../src/node/cli/output.js";
import { checkpointMetadata } from "../../src/checkpoint/description.js";
import { createModel } from "../../src/models/catalog.js";
import { readFirstWeights } from "../../src/node/runs/first-weights.js";
import { parseConfig } from "../../src/train/config/config.js";
import { findRecipe } from "../../src/train/recipes.js";
import type { ModelState } from "../../src/checkpoint/model-state.js";
import { importWeights } from "../../src/checkpoint/import-weights.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { writeTestCheckpoint } from "../helpers/checkpoint.js";
import { packageRoot } from "../helpers/fixtures.js";
import { resnet } from "../helpers/resnet-command.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

const folder = scratchFolder();
const picture = path.join(packageRoot, "test/fixtures/images/colour.png");
const whole = await writeTestCheckpoint();

/** The state with one value of an array replaced. */
function withValue(name: string, at: number, value: number): ModelState {
  const { shape, data } = whole.state.get(name)!;
  const changed = Float32Array.from(data);
  changed[at] = value;
  return new Map([...whole.state, [name, hostArray(shape, changed)]]);
}

async function writeChanged(name: string, state: ModelState): Promise<string> {
  const file = path.join(folder, name);
  writeFileSync(file, await writeSafetensors(state, checkpointMetadata(whole.description)));
  return file;
}

const infected: Readonly<Record<string, [file: string, message: RegExp]>> = {
  NaN: [
    await writeChanged("nan.safetensors", withValue("layer1.0.conv1.weight", 145, NaN)),
    /layer1\.0\.conv1\.weight \[16, 16, 3, 3\] has 1 of 2304 values that cannot be used, the first at \[1, 0, 0, 1\]: NaN, but weights are finite\. /,
  ],
  "an infinite value": [
    await writeChanged("infinite.safetensors", withValue("linear.bias", 2, -Infinity)),
    /linear\.bias \[3\] has 1 of 3 values that cannot be used, the first at \[2\]: -Infinity, /,
  ],
  "a negative variance": [
    await writeChanged("variance.safetensors", withValue("bn1.running_var", 0, -0.5)),
    /bn1\.running_var \[16\] has 1 of 16 .*the first at \[0\]: -0\.5, but a variance is a finite number of 0 or more/,
  ],
};

describe("Weights that hold NaN, infinity or a negative variance are refused", () => {
  const out = path.join(folder, "out");
  const commands = (file: string): Readonly<Record<string, readonly string[]>> => ({
    import: ["import", file, "--model", "cifar-resnet20", "--out", out],
    predict: ["predict", file, picture],
    explain: ["explain", file, picture, "--out", out],
    features: ["features", file, picture, "--out", out],
    similar: ["similar", file, picture, "--among", picture],
    export: ["export", file, "--format", "onnx", "--out", out],
  });
  for (const [kind, [file, message]] of Object.entries(infected)) {
    for (const [name, words] of Object.entries(commands(file))) {
      if (kind !== "NaN" && !["import", "predict"].includes(name)) continue;
      test(`by ${name}: ${kind}`, () => {
        const { status, stdout, stderr } = resnet(...words);
        assert.equal(status, 1, stderr);
        assert.equal(stdout, "");
        assert.match(stderr, message);
        assert.equal(existsSync(out), false);
      });
    }
  }

  test("by a training that would start from them", async () => {
    const model = createModel("cifar-resnet20", { classes: 3, channels: 3 });
    await assert.rejects(readFirstWeights(infected["NaN"]![0], model, 0), {
      code: "ERR_WEIGHTS_VALUES",
    });
  });
});

test("Finite weights that exceed float32 on the way end in an error, not in NaN %", async () => {
  const larger = new Map(whole.state);
  for (const name of ["linear.weight", "layer3.2.bn2.weight"]) {
    const { shape, data } = larger.get(name)!;
    larger.set(
      name,
      hostArray(
        shape,
        Float32Array.from(data, () => 1e38),
      ),
    );
  }
  const huge = await writeChanged("huge.safetensors", larger);
  const { status, stdout, stderr } = resnet("predict", huge, picture, "--json");
  assert.equal(status, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /colour\.png: the logits are not finite: value 0 is (NaN|-?Infinity)\. /);
});

describe("A normalization that exceeds float32 is refused", () => {
  const message = /pixels from 0 to 1, less the mean, over the deviation, would exceed float32/;
  const overflowing = [
    { mean: [0.5, 0.5, 0.5], std: [1e-39, 1, 1] },
    { mean: [1e39, 0.5, 0.5], std: [1, 1, 1] },
    { mean: [0, 0, 0], std: [1, 1, 1e-320] },
  ];
  for (const normalize of overflowing) {
    test(`in a checkpoint: mean ${normalize.mean.join()}, std ${normalize.std.join()}`, () => {
      assert.throws(() => checkpointMetadata({ ...whole.description, normalize }), { message });
    });
  }

  test("in the configuration of a training", () => {
    const config = { ...findRecipe("cifar10-resnet20").config, normalize: overflowing[0] };
    assert.throws(() => parseConfig(config), { code: "ERR_CONFIG", message });
  });

  test("at import, before anything is written", async () => {
    const out = path.join(folder, "normalized.safetensors");
    const words = `--model cifar-resnet20 --mean 0.5,0.5,0.5 --std 1,1e-39,1 --out ${out}`;
    const { status, stderr } = resnet("import", whole.file, ...words.split(" "));
    assert.equal(status, 1);
    assert.match(stderr, message);
    assert.equal(existsSync(out), false);
    const options = { model: "cifar-resnet20", file: "file", normalize: overflowing[1] };
    assert.ok(importWeights(await readWeights(whole.file), options).state.size > 0);
  });
});

test("JSON that holds null for NaN says so on standard error", (t) => {
  const written: string[] = [];
  const printed: string[] = [];
  t.mock.method(process.stderr, "write", (text: string) => written.push(text) > 0);
  t.mock.method(process.stdout, "write", (text: string) => printed.push(text) > 0);
  new Output(true).result({ accuracy: 0.5, losses: [1, NaN], best: { loss: Infinity } }, "");
  t.mock.restoreAll();
  assert.deepEqual(written, [
    "written as null, because JSON has no such number: 1 is NaN, loss is Infinity\n",
  ]);
  assert.deepEqual(JSON.parse(printed.join("")), {
    accuracy: 0.5,
    losses: [1, null],
    best: { loss: null },
  });
});
