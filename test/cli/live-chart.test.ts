import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { randomConfig } from "../helpers/random-dataset.js";
import { scratchFolder } from "../helpers/scratch-folder.js";
import { ReportRun } from "../../src/node/report/report-run.js";
import { RunDirectory } from "../../src/node/runs/run-directory.js";
import type { StepProgress } from "../../src/train/callbacks.js";
import type { Training } from "../../src/train/training.js";
import { tinyData } from "../helpers/train-on.js";

const at = (epoch: number, step: number): StepProgress => ({
  epoch,
  step,
  steps: 4,
  loss: 2 / (epoch + step),
  accuracy: 0.1 * step,
  learningRate: 0.1,
  gradientNorm: null,
  imagesPerSecond: 100,
});

const training = { config: randomConfig(), epochs: [] } as unknown as Training;

async function openRun(t: TestContext) {
  const root = scratchFolder(t);
  const run = await RunDirectory.create(path.join(root, "run"));
  const file = path.join(root, "run/accuracy.svg");
  return { run, file };
}

test("a live chart has the steps of all epochs so far, and is rewritten within an epoch", async (t) => {
  const { run, file } = await openRun(t);
  await run.begin(randomConfig());
  const report = new ReportRun(run, tinyData(), 0);
  const circles: number[] = [];
  for (const step of [at(1, 1), at(1, 2), at(1, 3), at(2, 1)]) {
    run.logStep(step);
    await report.onStep(step, training);
    circles.push(readFileSync(file, "utf8").split("<circle").length - 1);
  }
  await run.close();
  assert.deepEqual(circles, [2, 4, 6, 8]); // loss and accuracy of each step
});

test("a live chart is not drawn at every step", async (t) => {
  const { run, file } = await openRun(t);
  const report = new ReportRun(run, tinyData());
  for (const step of [1, 2, 3]) await report.onStep(at(1, step), training);
  await run.close();
  assert.ok(!existsSync(file));
});
