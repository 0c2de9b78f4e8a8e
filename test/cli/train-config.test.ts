import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { trainCommand } from "../../src/node/cli/commands/train.js";
import { configOf, trainingsOf } from "../../src/node/cli/training/train-config.js";
import { resumedConfig } from "../../src/node/cli/training/resume.js";
import { scratchFolder } from "../helpers/scratch-folder.js";
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

describe("flags of fields", () => {
  const flagsOf = (...words: string[]) => {
    const command = trainCommand().exitOverride();
    const { operands, unknown } = command.parseOptions(words);
    assert.deepEqual([operands, unknown], [[], []]);
    return command.opts();
  };
  const configFor = (...words: string[]) => configOf("fashion-resnet34", flagsOf(...words));

  test("set mixing, smoothing, averages, accumulation and early stopping", () => {
    const words = "--mixup 0.2 --cutmix 1 --smoothing 0.1 --ema-decay 0.99 --accumulate 4";
    const config = configFor(...words.split(" "), "--early-stopping", "3");
    assert.deepEqual(
      [config.mixup, config.cutmix, config.labelSmoothing, config.emaDecay, config.accumulate],
      [0.2, 1, 0.1, 0.99, 4],
    );
    assert.deepEqual(config.earlyStopping, { metric: "validLoss", patience: 3 });
    assert.equal(configFor("--momentum", "0.9", "--nesterov").nesterov, true);
  });

  test("0 switches off what a recipe or a file has", (t) => {
    const flags = "--mixup 0.2 --cutmix 1 --ema-decay 0.99 --clip-norm 1 --save-every 5";
    const file = path.join(scratchFolder(t), "config.json");
    writeFileSync(file, JSON.stringify(configFor(...flags.split(" "), "--early-stopping", "3")));
    const off = `${flags} --early-stopping 3`.replaceAll(/ [\d.]+/g, " 0").split(" ");
    const { mixup, cutmix, emaDecay, clipNorm, saveEvery, earlyStopping } = configOf(
      file,
      flagsOf(...off),
    );
    assert.deepEqual(
      [mixup, cutmix, emaDecay, clipNorm, saveEvery, earlyStopping],
      [null, null, null, null, null, null],
    );
  });

  test("--warmup is the warm-up of any schedule, in epochs or as a share", () => {
    assert.equal(configFor("--warmup", "2").schedule.warmup, 2);
    const { schedule } = configFor("--schedule", "step:5", "--warmup", "5%");
    assert.deepEqual(schedule, { kind: "step", every: 5, factor: 0.1, warmup: "5%" });
  });

  test("refuse two different warm-ups, and a wrong one", () => {
    assert.throws(() => configFor("--schedule", "cosine:5", "--warmup", "3"), {
      message: "--schedule cosine:5 has a warm-up of 5, and --warmup says 3: give one of them",
    });
    assert.throws(() => configFor("--warmup", "-1"), { code: "ERR_CONFIG" });
  });

  test("do not change a run that goes on", () => {
    const config = configFor();
    const resumed = (...words: string[]) =>
      resumedConfig({ directory: "runs/x", config, saved: null }, undefined, flagsOf(...words));
    assert.deepEqual(resumed("--smoothing", String(config.labelSmoothing)), config);
    assert.throws(() => resumed("--mixup", "0.2"), /runs\/x is trained without --mixup 0\.2: /);
    assert.throws(() => resumed("--early-stopping", "3"), /without --early-stopping 3: /);
    assert.doesNotThrow(() => resumed("--mixup", "0", "--early-stopping", "0")); // as they are
    assert.throws(() => resumed("--nesterov"), /is trained without --nesterov: /);
  });

  test("apply to the config.json of a run, from any directory", () => {
    const file = path.join(scratchFolder(), "config.json");
    const first = configFor("--mixup", "0.2", "--epochs", "3");
    writeFileSync(file, JSON.stringify(first));
    assert.deepEqual(configOf(file, {}), first);
    assert.deepEqual(configOf(file, flagsOf("--epochs", "4")), { ...first, epochs: 4 });
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
