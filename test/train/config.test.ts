import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseConfig } from "../../src/train/config.js";
import { findRecipe, recipes } from "../../src/train/recipes.js";
import { createSchedule } from "../../src/train/schedule.js";

const { config } = findRecipe("fashion-resnet34");

const fails = (change: object, finding: string): void => {
  assert.throws(() => parseConfig({ ...config, ...change }), {
    name: "ResnetError",
    code: "ERR_CONFIG",
    message: `the training set-up is off: ${finding}`,
  });
};

describe("parseConfig", () => {
  test("takes every recipe as it is, and its JSON", () => {
    for (const [name, recipe] of Object.entries(recipes)) {
      assert.deepEqual(parseConfig(recipe.config), recipe.config);
      assert.deepEqual(parseConfig(JSON.parse(JSON.stringify(recipe.config))), recipe.config);
      assert.equal(recipe.config.recipe, name);
    }
  });

  test("names the field, and what is allowed", () => {
    fails({ batch: 0 }, "batch is 0: Too small: expected number to be >=1");
    fails({ epochs: 1.5 }, "epochs is 1.5: Invalid input: expected int, received number");
    fails({ learningRate: -1 }, "learningRate is -1: Too small: expected number to be >0");
    fails({ momentum: 1 }, "momentum is 1: Too big: expected number to be <1");
    fails(
      { optimizer: "rmsprop" },
      'optimizer is "rmsprop": Invalid option: expected one of "sgd"|"adam"|"adamw"',
    );
    fails(
      { model: undefined },
      "model is undefined: Invalid input: expected string, received undefined",
    );
    fails(
      { normalise: { mean: [0.5], std: [0] } },
      "normalise.std.0 is 0: Too small: expected number to be >0",
    );
    fails({ learningRte: 1 }, 'Unrecognized key: "learningRte"');
  });

  test("fills in the transforms' defaults, and takes an older file without any", () => {
    const { transforms, ...older } = config;
    assert.deepEqual(parseConfig(older).transforms, { train: [], eval: [] });
    const resize = { type: "resize", size: 96 };
    assert.deepEqual(
      parseConfig({ ...older, transforms: { train: [resize], eval: [] } }).transforms,
      {
        train: [{ ...resize, interpolation: "bilinear" }],
        eval: [],
      },
    );
    void transforms;
  });

  test("lists every finding at once", () => {
    fails(
      { batch: 0, smoothing: 1 },
      "batch is 0: Too small: expected number to be >=1; smoothing is 1: Too big: expected number to be <1",
    );
  });

  test("says how a schedule is written", () => {
    const finding = (schedule: string): string =>
      `schedule is "${schedule}": choose constant, cosine, cosine:WARMUP, or step:EPOCHS:FACTOR such as step:10:0.1`;
    for (const schedule of [
      "",
      "linear",
      "step",
      "step:0:0.1",
      "step:10:2",
      "step:10",
      "cosine ",
    ]) {
      fails({ schedule }, finding(schedule));
    }
    for (const schedule of [
      "constant",
      "cosine",
      "cosine:5",
      "step:10:0.1",
      "step:30:.5",
      "step:1:1",
    ]) {
      assert.equal(parseConfig({ ...config, schedule }).schedule, schedule);
    }
  });

  test("an unknown recipe lists those that exist", () => {
    for (const name of ["fashion", "constructor"]) {
      assert.throws(() => findRecipe(name), {
        code: "ERR_RECIPE",
        message: `there is no recipe "${name}": choose one of fashion-resnet34, fashion-resnet50`,
      });
    }
  });
});

describe("createSchedule", () => {
  const epochs = 4;
  const stepsPerEpoch = 10;

  test("constant is 1 throughout", () => {
    const schedule = createSchedule("constant", epochs, stepsPerEpoch);
    assert.deepEqual([0, 7, 39].map(schedule), [1, 1, 1]);
  });

  test("cosine goes from 1 by a half to almost 0", () => {
    const schedule = createSchedule("cosine", epochs, stepsPerEpoch);
    assert.equal(schedule(0), 1);
    assert.ok(Math.abs(schedule(20) - 0.5) < 1e-15);
    assert.ok(Math.abs(schedule(10) - (1 + Math.SQRT1_2) / 2) < 1e-15); // (1 + cos(π / 4)) / 2
    assert.ok(schedule(39) > 0 && schedule(39) < 0.002);
    assert.ok(Math.abs(schedule(40)) < 1e-15);
  });

  test("cosine:2 grows to 1 over two epochs, then falls as cosine does", () => {
    const schedule = createSchedule("cosine:2", epochs, stepsPerEpoch);
    assert.deepEqual([0, 9, 19, 20].map(schedule), [0.05, 0.5, 1, 1]);
    assert.ok(Math.abs(schedule(30) - 0.5) < 1e-15); // half of the remaining 20 steps
    assert.ok(Math.abs(schedule(40)) < 1e-15);
  });

  test("step:2:0.1 multiplies after every second epoch, as StepLR(2, 0.1)", () => {
    const schedule = createSchedule("step:2:0.1", epochs, stepsPerEpoch);
    const expected = [
      [0, 1],
      [19, 1],
      [20, 0.1],
      [39, 0.1],
      [40, 0.01],
    ] as const;
    for (const [step, share] of expected) assert.ok(Math.abs(schedule(step) - share) < 1e-15);
  });
});
