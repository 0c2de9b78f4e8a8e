import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { configOf } from "../../src/cli/train-config.js";

describe("configOf: fine-tuning", () => {
  test("--freeze and --head-lr become parts that keep their values and a factor for the head", () => {
    const flags = { learningRate: 0.02, freeze: ["stem", "layer1"], headLr: 0.1 };
    const { freeze, rateFactors, learningRate } = configOf("fashion-resnet34", flags);
    assert.deepEqual(freeze, ["stem", "layer1"]);
    assert.deepEqual(Object.keys(rateFactors), ["head"]);
    assert.ok(Math.abs(rateFactors["head"]! * learningRate - 0.1) < 1e-12);
  });

  test("without them, every part learns alike", () => {
    const { freeze, rateFactors } = configOf("fashion-resnet34", {});
    assert.deepEqual([freeze, rateFactors], [[], {}]);
  });
});
