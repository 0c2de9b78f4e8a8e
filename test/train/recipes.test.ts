import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { datasetInfo } from "../../src/data/dataset-info.js";
import { transformedShape } from "../../src/data/transforms/compose-transforms.js";
import { createModel } from "../../src/models/catalog.js";
import { fans } from "../../src/nn/initializers.js";
import { initialState } from "../../src/checkpoint/model-state.js";
import { parseConfig } from "../../src/train/config/config.js";
import { findRecipe, recipes } from "../../src/train/recipes.js";
import { createSchedule } from "../../src/train/schedules/schedule.js";

describe("every recipe with data of its own", () => {
  const named = Object.entries(recipes).filter(([, { config }]) => config.data !== "");
  for (const [name, { config, trainings }] of named) {
    test(`${name}: its model takes its images, training and test alike`, () => {
      const { imageShape, classes, trainRows } = datasetInfo(config.data);
      const [height, width, channels] = imageShape;
      const shapes = [config.transforms.train, config.transforms.eval].map((list) =>
        transformedShape(list, { height, width, channels }),
      );
      assert.deepEqual(shapes[0], shapes[1]);
      assert.equal(config.normalize.mean.length, shapes[0]!.channels);
      assert.ok(config.trainSize! + config.validSize! <= trainRows);
      for (const own of [{}, ...Object.values(trainings)]) {
        const { model } = parseConfig({ ...config, ...own });
        createModel(model, { classes: classes.length, channels });
      }
    });
  }
});

describe("the paper's recipes", () => {
  /** The learning rate of a step, counted from 0, in epochs of 391 steps. */
  const rateOf = (name: string) => {
    const { config } = findRecipe(name);
    const schedule = createSchedule(config.schedule, config.epochs, 391);
    return (step: number): number => Number((config.learningRate * schedule(step)).toPrecision(6));
  };

  for (const name of ["cifar10-resnet20", "cifar10-resnet56", "cifar10-resnet110", "degradation"]) {
    test(`${name}: 0.1, a tenth from step 32,000 on, a hundredth from 48,000 on`, () => {
      const steps = [500, 31_999, 32_000, 47_999, 48_000, 64_000];
      assert.deepEqual(steps.map(rateOf(name)), [0.1, 0.1, 0.01, 0.01, 0.001, 0.001]);
    });
  }

  test("110 layers are warmed up over 400 steps", () => {
    const steps = [0, 199, 399, 400];
    assert.deepEqual(steps.map(rateOf("cifar10-resnet110")), [0.00025, 0.05, 0.1, 0.1]);
    assert.equal(rateOf("cifar10-resnet56")(0), 0.1);
  });

  test("50,000 images in batches of 128 for 64,000 steps, and no epoch more than that takes", () => {
    const { trainSize, batch, epochs } = findRecipe("cifar10-resnet20").config;
    const steps = Math.ceil(trainSize! / batch);
    assert.ok((epochs - 1) * steps < 64_000 && epochs * steps >= 64_000);
  });
});

test("Xavier-uniform is for the weights of convolutions and linear layers", () => {
  const model = createModel("d2l-resnet18", { classes: 10, channels: 1 });
  const own = initialState(model, 1);
  const xavier = initialState(model, 1, "xavier-uniform");
  for (const [name, { shape, data }] of xavier) {
    if (shape.length === 1) assert.deepEqual(data, own.get(name)!.data, name);
    else {
      const { fanIn, fanOut } = fans(shape);
      const bound = Math.sqrt(6 / (fanIn + fanOut));
      const largest = (data as Float32Array).reduce(
        (most, value) => Math.max(most, Math.abs(value)),
        0,
      );
      assert.ok(largest <= bound && largest > 0.95 * bound, `${name}: ${largest} of ${bound}`);
    }
  }
});
