// What resnet train says of a training, besides numbers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeEarlyStop, formatSpeed } from "../../src/node/cli/training/train-output.js";
import { startOfTraining } from "../../src/train/progress.js";
import { randomConfig } from "../helpers/random-dataset.js";

test("a training that ends early says why, one that does not says nothing", () => {
  const config = randomConfig({
    epochs: 9,
    earlyStopping: { metric: "validAccuracy", patience: 2 },
  });
  const ended = { ...startOfTraining, epoch: 4, stopping: { best: -0.91, badEpochs: 2 } };
  assert.equal(
    describeEarlyStop(ended, config),
    "stopped early, after 4 of 9 epochs: validAccuracy has not been better than 0.9100 in 2 validations (earlyStopping)",
  );
  assert.equal(describeEarlyStop({ ...ended, epoch: 9 }, config), null);
  assert.equal(describeEarlyStop({ ...ended, stopping: { best: 1, badEpochs: 1 } }, config), null);
  assert.equal(describeEarlyStop(ended, randomConfig({ epochs: 9 })), null);
});

test("the speed tells the share of waiting for images, if there is one", () => {
  assert.equal(formatSpeed(123.4, 0.004), "123 images/s");
  assert.equal(formatSpeed(123.4, 0.256), "123 images/s, 26 % waiting");
  assert.equal(formatSpeed(5), "5 images/s");
});
