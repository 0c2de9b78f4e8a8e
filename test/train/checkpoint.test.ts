import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import "../../src/node/native/register.js";
import { ReferenceExecutor } from "../../src/executors/reference/reference-executor.js";
import type { StoredArray } from "../../src/interop/stored-array.js";
import { sourceOf, writeSafetensors } from "../../src/interop/write-safetensors.js";
import { BasicBlock } from "../../src/models/blocks.js";
import { BatchNorm2d } from "../../src/nn/batch-norm2d.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { ResnetError } from "../../src/tensor/error.js";
import {
  openCheckpoint,
  readCheckpoint,
  writeCheckpoint,
} from "../../src/node/runs/checkpoint-file.js";
import { checkpointMetadata } from "../../src/checkpoint/description.js";
import { forward } from "../../src/train/forward.js";
import { initialState, readModelState } from "../../src/checkpoint/model-state.js";
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
  normalize: { mean: [0.5, 0.4], std: [0.2, 0.3] },
  data: { name: "shapes", trainSize: 10, validSize: 4, seed: 1 },
  epoch: 3,
};

describe("checkpoints", () => {
  test("come back whole", async (t) => {
    const file = path.join(await temporaryFolder(t), "model.safetensors");
    const state = initialState(new TinyModel(), 4);
    await writeCheckpoint(file, description, sourceOf(state));
    const read = await readCheckpoint(file);
    assert.deepEqual(read.description, description);
    assert.equal(read.state.size, state.size); // in whatever order the file has them
    for (const [name, array] of state) assert.deepEqual(read.state.get(name), array);
  });

  test("go straight into an executor", async (t) => {
    const file = path.join(await temporaryFolder(t), "model.safetensors");
    const model = new TinyModel();
    const state = initialState(model, 4);
    await writeCheckpoint(file, description, sourceOf(state));
    const executor = new ReferenceExecutor();
    const checkpoint = await openCheckpoint(file);
    await checkpoint.load(executor, model);
    assert.deepEqual(new Map(await readModelState(executor, model)), new Map(state));
    await assert.rejects(checkpoint.load(executor, new BasicBlock(2, 2)), {
      code: "ERR_CHECKPOINT",
      message: /^these weights are not of this model:\n {2}missing /,
    });
    await checkpoint.close();
  });

  test("a changed byte anywhere is noticed", async (t) => {
    const file = path.join(await temporaryFolder(t), "model.safetensors");
    const state = new Map([["weight", hostArray([2, 3], [1, 2, 3, 4, 5, 6])]]);
    await writeCheckpoint(file, description, sourceOf(state));
    const bytes = await readFile(file);
    const key = bytes.indexOf("sha256"); // under another name the checksum is not one
    for (let at = 0; at < bytes.length; at++) {
      if (at >= key && at < key + "sha256".length) continue;
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 1;
      await writeFile(file, changed);
      await assert.rejects(readCheckpoint(file), ResnetError, `byte ${at}`);
    }
    await writeFile(file, bytes);
    await readCheckpoint(file);
  });

  test("files of earlier versions, without a checksum, are read", async (t) => {
    const file = path.join(await temporaryFolder(t), "model.safetensors");
    const state = initialState(new TinyModel(), 4);
    await writeFile(file, await writeSafetensors(state, checkpointMetadata(description)));
    assert.deepEqual((await readCheckpoint(file)).description, description);
  });

  const wrong: Readonly<Record<string, readonly [change: object, finding: RegExp]>> = {
    "an image beyond every memory": [
      { imageShape: [16_384, 16_384, 3], normalize: { mean: [0, 0, 0], std: [1, 1, 1] } },
      /imageShape is \[16384,16384,3\]: an image has at most 268435456 values$/,
    ],
    "a side beyond every image": [
      { imageShape: [1e9, 5, 2] },
      /imageShape\.0 is 1000000000: expected a number of at most/,
    ],
    "means of other channels": [
      { normalize: { mean: [0.5], std: [1, 1] } },
      /normalize is .*: there should be a mean and a deviation for each channel of imageShape$/,
    ],
    "a deviation of 0": [{ normalize: { mean: [0, 0], std: [0, 1] } }, /normalize\.std\.0 is 0: /],
    "a model's option of no such value": [
      { modelOptions: { width: 1e9 } },
      /modelOptions\.width is/,
    ],
    "text that would write on the terminal": [{ model: 7, data: "\u001b[2J" }, /^[^\p{Cc}]*$/u],
  };
  for (const [what, [change, finding]] of Object.entries(wrong)) {
    test(`${what}: refused, read or written`, async (t) => {
      const file = path.join(await temporaryFolder(t), "model.safetensors");
      const bad = { ...description, ...change } as typeof description;
      const metadata = { "resnet-ts": JSON.stringify(bad) };
      await writeFile(file, await writeSafetensors(new Map([["w", hostArray([1])]]), metadata));
      const read = readCheckpoint(file);
      await assert.rejects(read, { code: "ERR_CHECKPOINT", message: finding });
      await assert.rejects(read, ({ message }: Error) =>
        message.startsWith(`${file}: what it says of its model is off: `),
      );
      const again = path.join(path.dirname(file), "again.safetensors");
      const written = writeCheckpoint(again, bad, sourceOf(initialState(new TinyModel(), 4)));
      await assert.rejects(written, { code: "ERR_CHECKPOINT", message: finding });
      await assert.rejects(readFile(again), { code: "ENOENT" });
    });
  }

  test("an array of another dtype is not of the model", async (t) => {
    const file = path.join(await temporaryFolder(t), "model.safetensors");
    const state = new Map<string, StoredArray>(initialState(new TinyModel(), 4));
    state.set("fc.bias", hostArray([3], undefined, "i32"));
    await writeCheckpoint(file, description, sourceOf(state));
    const checkpoint = await openCheckpoint(file);
    await assert.rejects(checkpoint.load(new ReferenceExecutor(), new TinyModel()), {
      code: "ERR_CHECKPOINT",
      message: /\n {2}wrong dtype fc\.bias is i32, the model's is f32$/,
    });
    await checkpoint.close();
  });

  test("a file that is not there, or not ours, is named", async (t) => {
    const folder = await temporaryFolder(t);
    const missing = path.join(folder, "missing.safetensors");
    await assert.rejects(readCheckpoint(missing), {
      code: "ERR_CHECKPOINT",
      message: `${missing}: there is no such file`,
    });
    const foreign = path.join(folder, "foreign.safetensors");
    await writeFile(
      foreign,
      await writeSafetensors(new Map([["w", hostArray([1])]]), { format: "pt" }),
    );
    await assert.rejects(readCheckpoint(foreign), {
      code: "ERR_CHECKPOINT",
      message:
        `${foreign}: its metadata does not say which model the weights are of: ` +
        "it was not written by resnet train or resnet import; " +
        `import it first: resnet import ${foreign} --model NAME --out checkpoint.safetensors`,
    });
  });
});

describe("evaluate", () => {
  test("takes and gives images in PyTorch's order", async () => {
    const x = hostArray(
      [2, 64, 8, 6],
      Array.from({ length: 2 * 64 * 48 }, (_, i) => i / 6144),
    );
    const y = await forward(new BasicBlock(64, 128, 2), x);
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
    const y = await forward(norm, x, { state, executor: "reference" });
    // (x − mean) / √variance · weight + bias
    assertClose(y.data, [0, 0.5, 1, 5], { rtol: 2 * ulp });
  });
});
