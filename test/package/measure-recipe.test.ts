// tools/measure-recipe.mjs reads what runs have written, and says what they vary by.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { packageRoot } from "../helpers/fixtures.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

function writeRun(folder: string, name: string, seed: number, losses: number[], accuracy?: number) {
  const run = path.join(folder, name);
  mkdirSync(run);
  const write = (file: string, text: string) => writeFileSync(path.join(run, file), text);
  write("config.json", JSON.stringify({ recipe: "tiny", seed, epochs: losses.length }));
  // As in a run's own file, a loss that is not finite becomes null.
  const metrics = losses.map((validLoss, i) => ({ epoch: i + 1, validLoss, seconds: 30 }));
  write("metrics.jsonl", metrics.map((line) => `${JSON.stringify(line)}\n`).join(""));
  if (accuracy !== undefined) write("report.json", JSON.stringify({ accuracy }));
}

const summaryOf = (folder: string, ...options: string[]) =>
  spawnSync(
    process.execPath,
    [path.join(packageRoot, "tools/measure-recipe.mjs"), "--summary", "--out", folder, ...options],
    { encoding: "utf8" },
  );

test("a summary has the spread over seeds, and the largest validation loss after epoch 3", (t) => {
  const folder = scratchFolder(t);
  writeRun(folder, "fp32-avx2-1", 1, [9, 9, 9, 0.5, 0.7], 0.5);
  writeRun(folder, "fp32-avx2-10", 10, [9, 9, 9, 2.5, 0.6], 0.75);
  writeRun(folder, "bf16-avx2-1", 1, [9, 9, 9, NaN, 3], 0.25);
  writeRun(folder, "bf16-avx2-2", 2, [9, 9]);
  mkdirSync(path.join(folder, "no-run"));

  const { stdout, stderr } = summaryOf(folder, "--json");
  assert.equal(stderr, "");
  const { groups } = JSON.parse(stdout) as { groups: readonly object[] };
  // The sample deviation of 0.5 and 0.75 is 0.25 / √2.
  const [bf16, fp32] = groups;
  assert.deepEqual(fp32, {
    group: "fp32-avx2",
    finished: 2,
    unfinished: 0,
    minimum: 0.5,
    mean: 0.625,
    deviation: Math.sqrt(0.125 ** 2 * 2),
    largestValidLoss: 2.5,
  });
  assert.deepEqual(bf16, {
    group: "bf16-avx2",
    finished: 1,
    unfinished: 1,
    minimum: 0.25,
    mean: 0.25,
    deviation: null,
    largestValidLoss: null, // infinity in JSON
  });

  const text = summaryOf(folder).stdout;
  assert.match(text, /^\| bf16-avx2-1 \| 1 \| 0\.2500 \| Infinity \(epoch 4\) \| 2\.5 \|$/m);
  assert.match(text, /^\| bf16-avx2-2 \| 2 \| unfinished: 2 of 2 epochs \|  \| 1\.0 \|$/m);
  assert.match(text, /^\| fp32-avx2 \| 2 \| 0\.5000 \| 0\.6250 \| 0\.1768 \| 2\.500 \|$/m);
});

test("a directory without runs is refused", (t) => {
  const folder = scratchFolder(t);
  const { status, stderr } = summaryOf(folder);
  assert.equal(stderr, `measure-recipe: ${folder} holds no run\n`);
  assert.equal(status, 1);
});
