import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import type { CheckpointDescription } from "../../src/checkpoint/description.js";
import { sourceOf } from "../../src/interop/write-safetensors.js";
import { writeCheckpoint } from "../../src/node/runs/checkpoint-file.js";
import { readFirstWeights } from "../../src/node/runs/first-weights.js";
import { initialState } from "../../src/checkpoint/model-state.js";
import { TinyModel } from "../helpers/tiny-model.js";

const description: CheckpointDescription = {
  model: "tiny",
  classes: ["a", "b", "c"],
  imageShape: [6, 5, 2],
  normalize: { mean: [0, 0], std: [1, 1] },
  epoch: 3,
};
const trained = initialState(new TinyModel(), 4);

describe("readFirstWeights", () => {
  let folder = "";
  let file = "";
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "resnet-ts-"));
    file = path.join(folder, "trained.safetensors");
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

  test("starts the head anew for as many classes with other names, and says so", async () => {
    const random = initialState(new TinyModel(), 9);
    for (const classes of [
      ["a", "b", "d"],
      ["b", "a", "c"],
    ]) {
      const { state, replaced, notices } = await readFirstWeights(
        file,
        new TinyModel(),
        9,
        classes,
      );
      assert.deepEqual(replaced, ["fc.weight", "fc.bias"]);
      assert.deepEqual(state.get("fc.weight"), random.get("fc.weight"));
      assert.deepEqual(state.get("block.conv1.weight"), trained.get("block.conv1.weight"));
      assert.deepEqual(notices, [
        `${file} tells apart a, b, c, and the images are of ${classes.join(", ")}: its head is not taken`,
      ]);
    }
  });

  test("takes the head for classes of the same names, and where the file names none, which it says", async () => {
    const same = await readFirstWeights(file, new TinyModel(), 9, ["a", "b", "c"]);
    assert.deepEqual(new Map(same.state), new Map(trained));
    assert.deepEqual([same.replaced, same.notices], [[], []]);
    const unnamed = path.join(folder, "unnamed.safetensors");
    await writeCheckpoint(unnamed, { ...description, classes: ["0", "1", "2"] }, sourceOf(trained));
    const taken = await readFirstWeights(unnamed, new TinyModel(), 9, ["x", "y", "z"]);
    assert.deepEqual(new Map(taken.state), new Map(trained));
    assert.deepEqual(taken.notices, [
      `${unnamed} numbers its classes and does not name them: its head is taken for x, y, z, in this order`,
    ]);
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
