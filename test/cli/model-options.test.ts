// A network that differs from the one of its name, from training to all that is done with its checkpoint.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { writeSafetensors } from "../../src/interop/write-safetensors.js";
import { cifarResnet } from "../../src/models/cifar-resnet.js";
import { configOf } from "../../src/node/cli/training/train-config.js";
import { namedState } from "../../src/nn/module.js";
import { readCheckpoint } from "../../src/node/runs/checkpoint-file.js";
import { initialState } from "../../src/checkpoint/model-state.js";
import { writeImageFolder } from "../helpers/image-folder.js";
import { scratchFolder } from "../helpers/scratch-folder.js";
import { resnet } from "../helpers/resnet-command.js";

const scratch = scratchFolder();
const at = (name: string): string => path.join(scratch, name);

const variant = { width: 8, shortcut: "B" } as const;
const asked = ["--model-option=width=8", "--model-option", "shortcut=B"];
const small = [
  "--epochs=1",
  "--batch=8",
  "--train-transforms=resize(20) centerCrop(16)",
  "--eval-transforms=resize(20) centerCrop(16)",
];

describe("a narrow ResNet-20 with projections", () => {
  test("is trained, resumed, evaluated, exported, and started from again", async (t) => {
    const data = await writeImageFolder(t, { train: 4, val: 2 });
    const run = at("run");
    const words = ["--data", data, "--model=cifar-resnet20", ...asked, ...small, "--out", run];
    const trained = resnet("train", ...words);
    assert.equal(trained.status, 0, trained.stderr);
    assert.match(
      trained.stdout,
      /^cifar-resnet20 with width 8, shortcut B \(68,\d{3} parameters\)/m,
    );

    const checkpoint = path.join(run, "last.safetensors");
    const { description, state } = await readCheckpoint(checkpoint);
    assert.deepEqual(description.modelOptions, variant);
    const expected = namedState(cifarResnet(20, { ...variant, classes: 3 }));
    assert.deepEqual([...state.keys()].sort(), [...expected.keys()].sort());

    const resumed = resnet("train", "--resume", run, "--epochs", "2");
    assert.equal(resumed.status, 0, resumed.stderr);
    const other = resnet("train", "--resume", run, "--model-option", "width=9");
    assert.match(other.stderr, /'--model-option <name=value>' cannot be used with .*'--resume/);
    const evaluated = resnet("eval", checkpoint, "--json");
    assert.equal(evaluated.status, 0, evaluated.stderr);
    const exported = resnet("export", checkpoint, "--format=onnx", "--out", at("model.onnx"));
    assert.equal(exported.status, 0, exported.stderr);
    assert.ok(readFileSync(at("model.onnx")).includes('{"width":8,"shortcut":"B"}'));

    const again = resnet(
      "train",
      "--data",
      data,
      ...small,
      "--init",
      checkpoint,
      "--out",
      at("again"),
    );
    assert.equal(again.status, 0, again.stderr);
    assert.match(again.stdout, /^cifar-resnet20 with width 8, shortcut B /m);
  });

  test("is imported and summarised", async () => {
    const weights = at("weights.safetensors");
    const model = cifarResnet(20, variant);
    writeFileSync(weights, await writeSafetensors(initialState(model, 1)));
    const words = ["import", weights, "--model=cifar-resnet20", "--out", at("imported")];
    const imported = resnet(...words, ...asked);
    assert.equal(imported.status, 0, imported.stderr);
    assert.match(imported.stdout, /: cifar-resnet20 with width 8, shortcut B for images 3x32x32/);
    assert.deepEqual((await readCheckpoint(at("imported"))).description.modelOptions, variant);
    assert.match(
      resnet(...words).stderr,
      /these weights are not of cifar-resnet20 with shortcut B\. The first 5 of 106 differences:\n/,
    );
    const { stdout } = resnet("summary", "cifar-resnet20", ...asked);
    assert.match(stdout, /\nlayer2\.0\.shortcut\.0 +Conv2d +16 x 16 x 16/);
  });

  test("is refused where the model has no such option, or the option no such value", () => {
    const cases: readonly [args: readonly string[], stderr: RegExp][] = [
      [
        ["--model=plain20", ...asked],
        /^error: plain20 has no option "shortcut": its options are width\n$/,
      ],
      [
        ["--model-option=width=-1"],
        /^error: the training set-up is off: modelOptions\.width is -1: /,
      ],
      [
        ["--model-option=depth=3"],
        /: modelOptions is {"zeroLastNorm":true,"depth":3}: the options of models are width, stem, .*\n$/,
      ],
      [["--model-option=depth"], /It takes NAME=VALUE, such as width=32\.\n$/],
    ];
    for (const [args, stderr] of cases) {
      const result = resnet("train", ...args);
      assert.equal(result.status, 2);
      assert.match(result.stderr, stderr);
    }
  });
});

test("a recipe's options go with its model; flags change single ones", () => {
  const optionsOf = (flags: object) => configOf("fashion-best", flags).modelOptions;
  const own = optionsOf({});
  assert.deepEqual(optionsOf({ modelOption: { shortcut: "B" } }), { ...own, shortcut: "B" });
  assert.deepEqual(optionsOf({ model: "resnet18", modelOption: { stem: "cifar" } }), {
    stem: "cifar",
  });
  assert.deepEqual(optionsOf({ model: "cifar-resnet20" }), {});
});
