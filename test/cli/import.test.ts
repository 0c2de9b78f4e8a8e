import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { writeSafetensors } from "../../src/interop/write-safetensors.js";
import { createModel } from "../../src/models/catalog.js";
import { readCheckpoint } from "../../src/node/runs/checkpoint-file.js";
import { initialState } from "../../src/checkpoint/model-state.js";
import { packageRoot } from "../helpers/fixtures.js";
import { scratchFolder } from "../helpers/scratch-folder.js";
import { resnet } from "../helpers/resnet-command.js";

const folder = scratchFolder();
const inFolder = (name: string): string => path.join(folder, name);

/** Weights of a grey ResNet-20 for 10 classes. */
const weights = inFolder("weights.safetensors");
const state = initialState(createModel("cifar-resnet20", { classes: 10, channels: 1 }), 3);
writeFileSync(weights, await writeSafetensors(state));

describe("resnet import", () => {
  test("writes a checkpoint, and says what is in it", async () => {
    const out = inFolder("grey.safetensors");
    const result = resnet("import", weights, "--model", "cifar-resnet20", "--out", out);
    assert.deepEqual(result, {
      status: 0,
      stdout: `${out}: cifar-resnet20 for images 1x32x32 of 10 classes, 97 tensors\n`,
      stderr: "",
    });
    const checkpoint = await readCheckpoint(out);
    assert.deepEqual(checkpoint.state, state);
    assert.deepEqual(checkpoint.description.normalize, { mean: [0], std: [1] });
  });

  test("takes names, sizes and normalization, and replaces the classifier", async () => {
    writeFileSync(inFolder("names.txt"), "ant\r\nbee\n\n");
    const out = inFolder("two.safetensors");
    const command = `import ${weights} --model cifar-resnet20 --out ${out} --classes 2 --class-names ${inFolder("names.txt")} --input 1x28x28 --mean 0.5 --std 0.25 --json`;
    const { status, stdout } = resnet(...command.split(" "));
    assert.equal(status, 0);
    assert.deepEqual(JSON.parse(stdout), {
      checkpoint: out,
      model: "cifar-resnet20",
      classes: ["ant", "bee"],
      imageShape: [28, 28, 1],
      transforms: [],
      normalize: { mean: [0.5], std: [0.25] },
      tensors: 97,
      replaced: ["linear.weight", "linear.bias"],
    });
    const { description } = await readCheckpoint(out);
    assert.deepEqual(description.normalize, { mean: [0.5], std: [0.25] });
  });

  test("leaves nothing behind where it fails", () => {
    const model = path.join(packageRoot, "test/fixtures/torch/model.pth");
    const before = readdirSync(folder);
    const cases: readonly [file: string, model: string, status: number, stderr: RegExp][] = [
      [
        weights,
        "resnet17",
        2,
        /^error: there is no model "resnet17" \(did you mean resnet18\?\): choose one of resnet18, /,
      ],
      [weights, "plain32", 1, /^error: .*: these weights are not of plain32; .*\n {2}missing /],
      [model, "resnet18", 1, /^error: .*it holds an object of torch\.\S+ instead of weights, and /],
      [inFolder("none.pth"), "resnet18", 1, /^error: .*none\.pth: there is no such file\n$/],
    ];
    for (const [file, name, status, stderr] of cases) {
      const result = resnet("import", file, "--model", name, "--out", inFolder("failed"));
      assert.equal(result.status, status, result.stderr);
      assert.match(result.stderr, stderr);
      assert.equal(existsSync(inFolder("failed")), false);
    }
    assert.deepEqual(readdirSync(folder), before);
  });

  test("refuses a mean without a deviation", () => {
    const command = `import ${weights} --model cifar-resnet20 --out ${inFolder("x")} --mean 0.5`;
    const { status, stderr } = resnet(...command.split(" "));
    assert.equal(status, 2);
    assert.match(stderr, /^error: --mean and --std go together: /);
  });
});

test("resnet eval asks for a data set where the weights were imported", () => {
  const out = inFolder("imported.safetensors");
  resnet("import", weights, "--model", "cifar-resnet20", "--out", out);
  const { status, stderr } = resnet("eval", out);
  assert.equal(status, 2);
  assert.match(stderr, /^error: the weights were imported, .*: name a data set with --data/);
});
