// A recipe that is shortened by --epochs alone is a good short training.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { configOf } from "../../src/node/cli/training/train-config.js";
import { recipes } from "../../src/train/recipes.js";
import { createSchedule } from "../../src/train/schedules/schedule.js";

/** The share of the peak at each step of a training. */
function sharesOf(recipe: string, flags: object, stepsPerEpoch: number): readonly number[] {
  const { schedule, epochs } = configOf(recipe, flags);
  const share = createSchedule(schedule, epochs, stepsPerEpoch);
  return Array.from({ length: epochs * stepsPerEpoch }, (_, step) => share(step));
}

describe("a recipe that anneals ends near zero in any number of epochs", () => {
  for (const recipe of ["fashion-resnet34", "fashion-resnet50", "fashion-best", "image-folder"]) {
    for (const epochs of [1, 2, 5, 100]) {
      test(`${recipe} in ${epochs} epochs`, () => {
        const shares = sharesOf(recipe, { epochs }, 100);
        assert.equal(Math.max(...shares), 1);
        assert.ok(shares.at(-1)! < 0.001, `it ends at ${shares.at(-1)} of the peak`);
      });
    }
  }
});

describe("a recipe of the paper falls twice in any number of epochs, at half and at three quarters", () => {
  for (const recipe of Object.keys(recipes).filter((name) =>
    /^cifar10-resnet(?!50$)|^degr/.test(name),
  ))
    test(recipe, () => {
      const shares = sharesOf(recipe, { epochs: 20 }, 100);
      const at = (share: number): number => Number(shares[share * 2000]!.toPrecision(6));
      assert.deepEqual([at(0.25), at(0.49), at(0.51), at(0.74), at(0.76)], [1, 1, 0.1, 0.1, 0.01]);
    });
});

test("the main recipe in its own 50 epochs has the rates of five epochs of warm-up and a cosine, to the bit", () => {
  const asGiven = sharesOf("fashion-resnet34", { schedule: "cosine:5" }, 20);
  assert.deepEqual(sharesOf("fashion-resnet34", {}, 20), asGiven);
  assert.deepEqual([asGiven[0], asGiven[99], asGiven[100]], [0.01, 1, 1]);
});

test("a schedule that was given in epochs keeps them in any number of epochs", () => {
  const shares = sharesOf("fashion-resnet34", { schedule: "step:2:0.1", epochs: 5 }, 10);
  assert.deepEqual(
    [0, 19, 20, 39, 40].map((step) => Number(shares[step]!.toPrecision(6))),
    [1, 1, 0.1, 0.1, 0.01],
  );
});
