import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { residentSource } from "../../src/train/sources/resident-source.js";
import { parseConfig } from "../../src/train/config/config.js";
import { gradientNorms } from "../../src/train/gradient-norms.js";
import { initialState, readModelState, writeModelState } from "../../src/checkpoint/model-state.js";
import { findRecipe } from "../../src/train/recipes.js";
import { trainOn } from "../helpers/train-on.js";
import { randomIntegers } from "../helpers/arrays.js";
import { reference } from "../helpers/executors.js";
import { TinyModel } from "../helpers/tiny-model.js";

describe("gradientNorms", () => {
  test("is how far a step of plain gradient descent moves each weight, and moves none itself", async (t) => {
    const executor = reference.create();
    t.after(() => executor.close());
    const normalize = { mean: [0.5, 0.5], std: [0.5, 0.5] };
    const data = {
      images: randomIntegers([5, 6, 5, 2], 1, 256, "u8"),
      labels: randomIntegers([5], 2, 3, "i32"),
    };
    const model = new TinyModel();
    const before = initialState(model, 1);
    await writeModelState(executor, model, before);
    const source = await residentSource(executor, "train", data, normalize);

    const norms = await gradientNorms(executor, model, source, 8);
    assert.deepEqual(await readModelState(executor, model), before);
    assert.deepEqual(
      [...norms.keys()],
      ["block.conv1.weight", "block.conv2.weight", "block.downsample.0.weight", "fc.weight"],
    );

    const config = parseConfig({
      ...findRecipe("fashion-resnet34").config,
      normalize,
      epochs: 1,
      batch: 5,
      learningRate: 1,
      momentum: 0,
      schedule: "constant",
    });
    const set = { name: "random", classes: ["a", "b", "c"], ...data };
    const { state: after } = await trainOn(executor, config, model, {
      data: { train: set, valid: set },
    });
    for (const [name, norm] of norms) {
      const [from, to] = [before.get(name)!.data, after.get(name)!.data];
      const moved = Math.hypot(...Array.from(from, (value, i) => value - to[i]!));
      assert.ok(Math.abs(moved - norm) < 1e-5 * norm, `${name}: moved ${moved}, norm ${norm}`);
    }
  });
});
