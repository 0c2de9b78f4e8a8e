import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseConfig } from "../../src/train/config/config.js";
import { findRecipe, recipes } from "../../src/train/recipes.js";

const { config } = findRecipe("fashion-resnet34");

const fails = (change: object, finding: string): void => {
  assert.throws(() => parseConfig({ ...config, ...change }), {
    name: "UsageError",
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
    fails({ batch: 0 }, "batch is 0: expected a number of at least 1");
    fails({ epochs: 1.5 }, "epochs is 1.5: expected a whole number");
    fails({ learningRate: -1 }, "learningRate is -1: expected a number of more than 0");
    fails({ momentum: 1.5 }, "momentum is 1.5: expected a number of at most 1");
    fails({ optimizer: "rmsprop" }, 'optimizer is "rmsprop": expected "sgd", "adam" or "adamw"');
    fails({ model: undefined }, "model is missing: expected a text");
    fails(
      { normalize: { mean: [0.5], std: [0] } },
      "normalize.std.0 is 0: expected a number of more than 0",
    );
    fails({ learningRte: 1 }, 'there is no field "learningRte" (did you mean learningRate?)');
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

  test("takes a test of several views, and an older file that asks for none", () => {
    const views = parseConfig({ ...config, testViews: { mirror: true } }).testViews;
    assert.deepEqual(views, { mirror: true, shift: 0 });
    const { testViews, ...older } = config;
    assert.deepEqual(parseConfig(older).testViews, testViews);
    fails({ testViews: { shift: -1 } }, "testViews.shift is -1: expected a number of at least 0");
  });

  test("says what is wrong within the form that was meant", () => {
    fails({ classWeights: [1, "a"] }, 'classWeights is [1,"a"]: its entry 1: expected a number');
    fails({ classWeights: 3 }, 'classWeights is 3: expected "balanced" or a list');
    fails({ betas: [0.9] }, "betas is [0.9]: expected a list of at least 2 entries");
  });

  test("lists every finding at once", () => {
    fails(
      { batch: 0, labelSmoothing: 1.5 },
      "batch is 0: expected a number of at least 1; labelSmoothing is 1.5: expected a number of at most 1",
    );
  });

  test("an unknown recipe lists those that exist", () => {
    for (const name of ["fashion", "constructor"]) {
      assert.throws(() => findRecipe(name), {
        code: "ERR_RECIPE",
        message: `there is no recipe "${name}": choose one of ${Object.keys(recipes).join(", ")}`,
      });
    }
  });
});
