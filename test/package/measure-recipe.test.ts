// tools/measure-recipe.mjs trains by the command, reads the files of runs, and prints how they vary.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { folderTraining } from "../helpers/folder-training.js";
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

const measure = (...words: string[]) =>
  spawnSync(process.execPath, [path.join(packageRoot, "tools/measure-recipe.mjs"), ...words], {
    encoding: "utf8",
  });
const summaryOf = (folder: string, ...options: string[]) =>
  measure("--summary", "--out", folder, ...options);

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

test("each run that ends adds a row to a file, which a summary reads", async (t) => {
  const folder = scratchFolder(t);
  const record = path.join(folder, "seeds.json");
  const [, ...flags] = await folderTraining(t, { train: 5, val: 2, test: 2 });
  const words = ["image-folder", "--out", path.join(folder, "runs"), "--after", "0"];
  const train = (seeds: string) =>
    measure(...words, "--isa", "portable", "--seeds", seeds, "--record", record, "--", ...flags);

  const first = train("3");
  assert.equal(first.status, 0, first.stderr);
  const { status, stderr } = train("3,4"); // seed 3 has ended and is not recorded again
  assert.equal(status, 0, stderr);
  const rows = JSON.parse(readFileSync(record, "utf8")) as Record<string, unknown>[];
  for (const [i, row] of rows.entries()) {
    const run = path.join(folder, "runs", `fp32-portable-${i + 3}`);
    const read = (file: string) => readFileSync(path.join(run, file), "utf8");
    const losses = read("metrics.jsonl").trim().split("\n");
    const { commit, date, processor, ...rest } = row;
    assert.deepEqual(rest, {
      recipe: "image-folder",
      options: flags.join(" "),
      precision: "fp32",
      isa: "portable",
      seed: i + 3,
      testAccuracy: (JSON.parse(read("report.json")) as { accuracy: number }).accuracy,
      largestValidLoss: Math.max(
        ...losses.map((line) => (JSON.parse(line) as { validLoss: number }).validLoss),
      ),
    });
    assert.match(String(commit), /^([0-9a-f]{7,}(-dirty)?|null)$/);
    assert.match(String(date), /^\d{4}-\d\d-\d\d$/);
    assert.match(String(processor), / \d+ cores$/);
  }
  assert.equal(rows.length, 2);
  const summary = measure("image-folder", "--summary", "--record", record, "--json");
  const { groups } = JSON.parse(summary.stdout) as { groups: { finished: number }[] };
  assert.deepEqual(
    groups.map(({ finished }) => finished),
    [2],
  );
});

test("the committed file of results can be read", () => {
  const file = path.join(packageRoot, "bench/recipe-seeds.json");
  const { stdout } = measure("--summary", "--record", file);
  assert.match(
    stdout,
    /^\| fashion-resnet34 bf16 avx512_bf16 \| 3 \| 0\.8819 \| 0\.981 \| 45d6f52 \|/m,
  );
});
