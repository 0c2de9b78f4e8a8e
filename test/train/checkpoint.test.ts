import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { writeSafetensors } from "../../src/interop/write-safetensors.js";
import { BasicBlock } from "../../src/models/blocks.js";
import { BatchNorm2d } from "../../src/nn/batch-norm2d.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { checkpointMetadata, readCheckpoint } from "../../src/train/checkpoint.js";
import { evaluate } from "../../src/train/evaluate-module.js";
import { initialState } from "../../src/train/model-state.js";
import { assertClose, ulp } from "../helpers/assert-close.js";
import { TinyModel } from "../helpers/tiny-model.js";

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "resnet-ts-"));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

const description = {
  model: "resnet18",
  classes: ["cat", "dog", "ship"],
  imageShape: [6, 5, 2] as [number, number, number],
  normalise: { mean: [0.5, 0.4], std: [0.2, 0.3] },
  data: { name: "shapes", trainSize: 10, validSize: 4, seed: 1 },
  epoch: 3,
};

describe("checkpoints", () => {
  test("come back whole", async (t) => {
    const file = path.join(await temporaryFolder(t), "model.safetensors");
    const state = initialState(new TinyModel(), 4);
    await writeFile(file, writeSafetensors(state, checkpointMetadata(description)));
    const read = await readCheckpoint(file);
    assert.deepEqual(read.description, description);
    assert.equal(read.state.size, state.size); // in whatever order the file has them
    for (const [name, array] of state) assert.deepEqual(read.state.get(name), array);
  });

  test("a file that is not there, or not ours, is named", async (t) => {
    const folder = await temporaryFolder(t);
    const missing = path.join(folder, "missing.safetensors");
    await assert.rejects(readCheckpoint(missing), {
      code: "ERR_CHECKPOINT",
      message: `${missing}: there is no such file`,
    });
    const foreign = path.join(folder, "foreign.safetensors");
    await writeFile(foreign, writeSafetensors(new Map([["w", hostArray([1])]]), { format: "pt" }));
    await assert.rejects(readCheckpoint(foreign), {
      code: "ERR_CHECKPOINT",
      message:
        `${foreign}: its metadata does not say which model the weights are of: ` +
        "it was not written by resnet train",
    });
  });
});

describe("evaluate", () => {
  test("takes and gives images in PyTorch's order", async () => {
    const x = hostArray(
      [2, 64, 8, 6],
      Array.from({ length: 2 * 64 * 48 }, (_, i) => i / 6144),
    );
    const y = await evaluate(new BasicBlock(64, 128, 2), x);
    assert.deepEqual(y.shape, [2, 128, 4, 3]);
  });

  test("uses the running statistics it is given, channel by channel", async () => {
    const norm = new BatchNorm2d(2, { eps: 0 });
    const x = hostArray([1, 2, 1, 2], [1, 2, 3, 4]);
    const state = new Map([
      ["weight", hostArray([2], [1, 2])],
      ["bias", hostArray([2], [0, 1])],
      ["running_mean", hostArray([2], [1, 3])],
      ["running_var", hostArray([2], [4, 0.25])],
    ]);
    const y = await evaluate(norm, x, { state, executor: "reference" });
    // (x − mean) / √variance · weight + bias
    assertClose(y.data, [0, 0.5, 1, 5], { rtol: 2 * ulp });
  });
});
