import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { trainCommand } from "../../src/node/cli/commands/train.js";
import { configOf, trainingsOf } from "../../src/node/cli/training/train-config.js";
import { scheduleNotice } from "../../src/node/cli/training/train-output.js";
import { findModel } from "../../src/models/catalog.js";
import { recipes } from "../../src/train/recipes.js";

describe("the variations that recipes name", () => {
  for (const [name, { variations }] of Object.entries(recipes))
    for (const { flags } of variations)
      test(`${name} ${flags}`, () => {
        const command = trainCommand().exitOverride();
        const { operands, unknown } = command.parseOptions(flags.replaceAll("'", "").split(" "));
        assert.deepEqual([operands, unknown], [[], []]);
        const [config = configOf(name, command.opts())] =
          trainingsOf(name, command.opts())?.values() ?? [];
        findModel(config.model, config.modelOptions);
        assert.notDeepEqual(config, recipes[name]!.config);
      });
});

describe("scheduleNotice", () => {
  const noticeOf = (epochs: number): string | null =>
    scheduleNotice(configOf("fashion-resnet34", { epochs, schedule: "cosine:5" }));

  test("says where a training is all warm-up", () => {
    assert.equal(noticeOf(6), null);
    assert.equal(
      noticeOf(5),
      "the learning rate warms up over 5 epochs, and the training has 5: it grows to the end; --schedule gives it another course",
    );
    assert.equal(
      scheduleNotice(configOf("fashion-resnet34", { epochs: 1, schedule: "constant" })),
      null,
    );
  });
});

describe("configOf: fine-tuning", () => {
  test("--freeze and --head-lr become parts that keep their values and a factor for the head", () => {
    const flags = { learningRate: 0.02, freeze: ["stem", "layer1"], headLr: 0.1 };
    const { freeze, lrScales, learningRate } = configOf("fashion-resnet34", flags);
    assert.deepEqual(freeze, ["stem", "layer1"]);
    assert.deepEqual(Object.keys(lrScales), ["head"]);
    assert.ok(Math.abs(lrScales["head"]! * learningRate - 0.1) < 1e-12);
  });

  test("--head-lr is a rate, whichever way the others' rate and factors are given", () => {
    const set = { learningRate: 0.5, lrScales: { stem: 2 } };
    const { lrScales } = configOf("fashion-resnet34", { set, headLr: 0.25 });
    assert.deepEqual(lrScales, { stem: 2, head: 0.5 });
  });

  test("without them, every part learns alike", () => {
    const { freeze, lrScales } = configOf("fashion-resnet34", {});
    assert.deepEqual([freeze, lrScales], [[], {}]);
  });
});
