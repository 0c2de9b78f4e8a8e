import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { readWeights } from "../../src/node/interop/read-weights.js";
import type { StoredArray } from "../../src/interop/stored-array.js";
import { writeTorch } from "../../src/interop/torch/write-torch.js";
import { createModel } from "../../src/models/catalog.js";
import { initialState } from "../../src/checkpoint/model-state.js";
import { scratchFolder } from "../helpers/scratch-folder.js";
import { resnet } from "../helpers/resnet-command.js";

const folder = scratchFolder();
const inFolder = (name: string): string => path.join(folder, name);

/** A state_dict as PyTorch has it, with the counters of its batch norms. */
const weights = new Map<string, StoredArray>();
const counter: StoredArray = { shape: [], dtype: "i64", data: new BigInt64Array([7n]) };
for (const [name, array] of initialState(
  createModel("cifar-resnet20", { classes: 3, channels: 3 }),
  1,
)) {
  weights.set(name, array);
  if (name.endsWith("running_var")) {
    weights.set(name.replace("running_var", "num_batches_tracked"), counter);
  }
}
writeFileSync(inFolder("weights.pth"), await writeTorch(weights));
const checkpoint = inFolder("checkpoint.safetensors");
resnet("import", inFolder("weights.pth"), "--model", "cifar-resnet20", "--out", checkpoint);

describe("resnet export", () => {
  test("gives back to PyTorch what came from it, byte for byte", async () => {
    const out = inFolder("back.pth");
    const { status, stdout } = resnet("export", checkpoint, "--format", "pytorch", "--out", out);
    assert.equal(status, 0);
    assert.match(stdout, /back\.pth: cifar-resnet20 as pytorch, \d+ bytes\n$/);
    assert.deepEqual([...(await readWeights(out))], [...weights]);
  });

  test("writes plain safetensors", async () => {
    const out = inFolder("plain.safetensors");
    assert.equal(resnet("export", checkpoint, "--out", out).status, 0);
    assert.deepEqual(await readWeights(out), weights);
  });

  test("writes ONNX, and says so in a document", () => {
    const out = inFolder("model.onnx");
    const command = `export ${checkpoint} --format onnx --no-fold --out ${out} --json`;
    const { status, stdout } = resnet(...command.split(" "));
    assert.equal(status, 0);
    const { bytes, ...rest } = JSON.parse(stdout) as { readonly bytes: number };
    assert.ok(bytes > 1e6);
    assert.deepEqual(rest, { file: out, format: "onnx", model: "cifar-resnet20" });
  });

  test("says what is wrong, and writes nothing", () => {
    const out = inFolder("nothing");
    const cases: readonly [args: string, status: number, stderr: RegExp][] = [
      [`${checkpoint} --format tflite --out ${out}`, 2, /Allowed choices are onnx, safetensors/],
      [`${checkpoint} --out ${out}`, 2, /nothing: end the name in \.onnx, /],
      [
        `${checkpoint} --format onnx --out ${out}.pth`,
        2,
        /the format pytorch, and --format says onnx/,
      ],
      [`${inFolder("none")} --format onnx --out ${out}`, 1, /none: there is no such file/],
      [`${inFolder("plain.safetensors")} --format onnx --out ${out}`, 1, /metadata does not say/],
    ];
    for (const [args, status, stderr] of cases) {
      const result = resnet("export", ...args.split(" "));
      assert.equal(result.status, status, result.stderr);
      assert.match(result.stderr, stderr);
      assert.equal(existsSync(out), false);
    }
  });
});
