import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { sourceOf } from "../../src/interop/write-safetensors.js";
import { writeCheckpoint } from "../../src/node/runs/checkpoint-file.js";
import { readFirstWeights } from "../../src/node/runs/first-weights.js";
import { initialState } from "../../src/checkpoint/model-state.js";
import { TinyModel } from "../helpers/tiny-model.js";

const trained = initialState(new TinyModel(), 4);

describe("readFirstWeights", () => {
  let folder = "";
  let file = "";
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "resnet-ts-"));
    file = path.join(folder, "trained.safetensors");
    const description = {
      model: "tiny",
      classes: ["a", "b", "c"],
      imageShape: [6, 5, 2] as [number, number, number],
      normalize: { mean: [0, 0], std: [1, 1] },
      epoch: 3,
    };
    await writeCheckpoint(file, description, sourceOf(trained));
  });
  after(() => rm(folder, { recursive: true }));

  test("takes all weights where the model is the same", async () => {
    const { state, replaced } = await readFirstWeights(file, new TinyModel(), 9);
    assert.deepEqual(new Map(state), new Map(trained));
    assert.deepEqual(replaced, []);
  });

  test("starts the head anew, with the seed, for another number of classes", async () => {
    const model = new TinyModel(2, 4, 7);
    const { state, replaced } = await readFirstWeights(file, model, 9);
    const random = initialState(model, 9);
    assert.deepEqual(replaced, ["fc.weight", "fc.bias"]);
    for (const [name, array] of state) {
      assert.deepEqual(array, (replaced.includes(name) ? random : trained).get(name), name);
    }
    assert.deepEqual([...state.keys()].sort(), [...random.keys()].sort());
  });

  test("refuses what does not fit besides", async () => {
    await assert.rejects(readFirstWeights(file, new TinyModel(3, 4, 7), 9), {
      code: "ERR_WEIGHTS_MATCH",
      message:
        /these weights are not of this model\. Differences:\n {2}wrong shape block\.conv1\.weight/,
    });
  });

  test("refuses a damaged checkpoint", async () => {
    const bytes = await readFile(file);
    bytes[bytes.length - 1]! ^= 1;
    const damaged = path.join(folder, "damaged.safetensors");
    await writeFile(damaged, bytes);
    await assert.rejects(readFirstWeights(damaged, new TinyModel(), 9), {
      code: "ERR_CHECKPOINT",
      message: /its checksum is not that of its contents/,
    });
  });
});
