// Trains a tiny model in a process of its own, which tests kill: begins the run in each directory, or goes on with it.
//     node train-tiny.js DIRECTORY...
import { existsSync } from "node:fs";
import path from "node:path";
import "../../src/node/native/register.js";
import { stopOnSignal } from "../../src/node/cli/interrupt.js";
import { trainRun } from "../../src/node/train/train.js";
import type { Dataset } from "../../src/data/dataset.js";
import { createExecutor } from "../../src/executors/create-executor.js";
import { parseConfig } from "../../src/train/config/config.js";
import { findRecipe } from "../../src/train/recipes.js";
import { RunDirectory } from "../../src/node/runs/run-directory.js";
import { randomIntegers } from "./arrays.js";
import { DroppingModel } from "./tiny-model.js";

const dataset = (name: string, rows: number, seed: number): Dataset => ({
  name,
  images: randomIntegers([rows, 6, 5, 2], seed, 256, "u8"),
  labels: randomIntegers([rows], seed + 1, 3, "i32"),
  classes: ["a", "b", "c"],
});

const config = parseConfig({
  ...findRecipe("fashion-resnet34").config,
  normalize: { mean: [0.5, 0.5], std: [0.5, 0.5] },
  epochs: 3,
  batch: 4,
  optimizer: "adamw",
  schedule: "cosine:1",
  learningRate: 0.05,
  saveEvery: 1,
});

const data = { train: dataset("train", 10, 1), valid: dataset("valid", 6, 3) };

async function train(directory: string): Promise<void> {
  const begun = existsSync(path.join(directory, "config.json"));
  const run = begun
    ? await RunDirectory.open(directory, (notice) => console.error(notice))
    : await RunDirectory.create(directory);
  const executor = await createExecutor("auto", { threads: 1 });
  console.log("ready");
  const stop = stopOnSignal("finishing this step and saving", (line) => console.error(line));
  await trainRun(run, config, data, {
    executor,
    model: new DroppingModel(),
    workers: 1,
    signal: stop.signal,
  });
  stop.dispose();
  process.exitCode ||= stop.exitCode ?? 0;
  await executor.close();
  await run.close();
}

for (const directory of process.argv.slice(2)) await train(directory);
