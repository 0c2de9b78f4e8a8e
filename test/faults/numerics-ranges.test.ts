// Settings that PyTorch takes are taken, with PyTorch's results.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dropout } from "../../src/ops/dropout.js";
import { stochasticDepth } from "../../src/ops/stochastic-depth.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { parseConfig } from "../../src/train/config/config.js";
import { fashionRecipes } from "../../src/train/recipes/fashion.js";
import { createSchedule } from "../../src/train/schedules/schedule.js";
import { executorsUnderTest } from "../helpers/executors.js";
import { runOps } from "../helpers/run.js";

const recipe = Object.values(fashionRecipes)[0]!;
const withSetting = (setting: object) =>
  parseConfig({ recipe: "test", ...recipe.config, ...setting });

test("a class weight may be 0, and one of them must be above 0", () => {
  assert.deepEqual(withSetting({ classWeights: [0, 1, 2] }).classWeights, [0, 1, 2]);
  assert.throws(() => withSetting({ classWeights: [0, 0] }), /one of them must be above 0/);
});

test("a milestone that is given twice lowers the learning rate twice", () => {
  const { schedule } = withSetting({ schedule: "multi-step:2,2,5:0.5" });
  const rate = createSchedule(schedule, 6, 1);
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((step) => rate(step)),
    [1, 1, 0.25, 0.25, 0.25, 0.125],
  );
});

test("smoothing, momentum and dropout may be 1, and Adam's eps 0", () => {
  const config = withSetting({
    labelSmoothing: 1,
    momentum: 1,
    eps: 0,
    modelOptions: { dropout: 1 },
  });
  assert.deepEqual([config.labelSmoothing, config.momentum, config.eps], [1, 1, 0]);
  for (const wrong of [
    { labelSmoothing: 1.1 },
    { momentum: 1.1 },
    { eps: -1e-8 },
    { labelSmoothing: -0.1 },
  ]) {
    assert.throws(() => withSetting(wrong), { code: "ERR_CONFIG" });
  }
});

for (const { name, create } of executorsUnderTest) {
  describe(`on ${name}`, () => {
    test("dropout with probability 1 drops everything, and NaN and infinities show", async (t) => {
      const executor = create();
      t.after(() => executor.close());
      const inputs = {
        x: hostArray([1, 1, 3, 1], [1, NaN, Infinity]),
        key: hostArray([2], [1, 2], "i32"),
      };
      const attrs = { probability: 1, stream: 0 };
      const { y, z } = await runOps(
        ({ x, key }) => ({ y: dropout(x!, key!, attrs), z: stochasticDepth(x!, key!, attrs) }),
        inputs,
        { executor },
      );
      // F.dropout(torch.tensor([1, nan, inf]), 1.0) is [0, nan, nan].
      assert.deepEqual([...y!.data], [0, NaN, NaN]);
      assert.deepEqual([...z!.data], [0, NaN, NaN]);
    });
  });
}
