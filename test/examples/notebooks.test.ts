// The notebooks with their loops in sight come to the numbers of the recipes.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { loadDataset, splitRows, takeRows } from "../../src/node.js";
import { createModel } from "../../src/models/catalog.js";
import { findRecipe } from "../../src/train/recipes.js";
import { train } from "../../src/train/train.js";
import { NativeExecutor } from "../../src/node/native/native-executor.js";
import { nativeSkip } from "../helpers/executors.js";

const skip = nativeSkip ? `needs the native executor: ${nativeSkip}` : false;

test("own-losses trains with each of its losses", () => {
  const output = execFileSync("node", ["dist/examples/own-losses.js", "50"], { encoding: "utf8" });
  const losses = [...output.matchAll(/^(.+): (\d+\.\d+)$/gm)].map(([, name]) => name);
  assert.deepEqual(losses, ["focal loss", "several labels", "regression", "teacher", "student"]);
});

test("notebook-fashion has the losses of the recipe, to 1e-6", { skip }, async (t) => {
  const output = execFileSync("node", ["dist/examples/notebook-fashion.js", "64", "1", "--json"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  type Losses = { readonly train: number[]; readonly valid: number[]; readonly accuracy: number };
  const found = JSON.parse(output) as Readonly<Record<string, Losses>>;
  assert.deepEqual(Object.keys(found), ["resnet34", "resnet50"]);

  const executor = new NativeExecutor();
  t.after(() => executor.close());
  const { config: recipe } = findRecipe("fashion-resnet34");
  const { train: clothing, test } = await loadDataset("fashion-mnist");
  const rows = splitRows(60_000, { train: 64, valid: 1000 }, recipe.seed);
  const data = { train: takeRows(clothing, rows.train), valid: takeRows(clothing, rows.valid) };
  const { trainLoss, validLoss } = (
    await train({ ...recipe, trainSize: 64, epochs: 1 }, data, {
      executor,
      model: createModel("resnet34", { classes: 10, channels: 1, zeroLastNorm: true }),
    })
  ).epochs[0]!;
  const { train: trainLosses, valid, accuracy } = found["resnet34"]!;
  assert.ok(Math.abs(trainLosses[0]! - trainLoss) < 1e-6, `${trainLosses[0]} ${trainLoss}`);
  assert.ok(Math.abs(valid[0]! - validLoss) < 1e-6, `${valid[0]} ${validLoss}`);
  assert.ok(accuracy > 0 && accuracy < 1);
  assert.equal(test.labels.data.length, 10_000);
});
