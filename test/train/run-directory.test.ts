import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { readSafetensors } from "../../src/interop/read-safetensors.js";
import { hostArray } from "../../src/tensor/host-array.js";
import type { EpochMetrics } from "../../src/train/epoch-metrics.js";
import { writeFileAtomically } from "../../src/data/files.js";
import { findRecipe } from "../../src/train/recipes.js";
import { RunDirectory } from "../../src/train/run-directory.js";

let directory = "";
before(async () => (directory = await mkdtemp(path.join(tmpdir(), "resnet-ts-run-"))));
after(() => rm(directory, { recursive: true, force: true }));

describe("writeFileAtomically", () => {
  test("replaces a file, makes directories, and leaves nothing else behind", async () => {
    const file = path.join(directory, "atomic", "deep", "a.txt");
    await writeFileAtomically(file, "old");
    await writeFileAtomically(file, "new");
    assert.equal(await readFile(file, "utf8"), "new");
    assert.deepEqual(await readdir(path.dirname(file)), ["a.txt"]);
  });

  test("keeps the old file, and no temporary one, when it cannot finish", async () => {
    const parent = path.join(directory, "failing");
    await writeFileAtomically(path.join(parent, "a", "inside.txt"), "old");
    // A directory stands where the file should go, so the rename fails after the bytes are written.
    await assert.rejects(writeFileAtomically(path.join(parent, "a"), "new"));
    assert.deepEqual(await readdir(parent), ["a"]);
    assert.equal(await readFile(path.join(parent, "a", "inside.txt"), "utf8"), "old");
  });
});

describe("RunDirectory", () => {
  const { config } = findRecipe("fashion-resnet34");
  const description = {
    model: "resnet18",
    classes: ["a", "b"],
    imageShape: [28, 28, 1] as [number, number, number],
    normalise: config.normalise,
    data: { name: "fashion-mnist", trainSize: 4, validSize: 2, seed: 1 },
  };
  const epoch = (number: number, validAccuracy: number): EpochMetrics => ({
    epoch: number,
    trainLoss: 1,
    trainAccuracy: validAccuracy,
    validLoss: 1,
    validAccuracy,
    imagesPerSecond: 1,
    learningRate: 0.1,
    seconds: 1,
  });

  test("keeps the weights of the last epoch, and of the first with the best validation accuracy", async () => {
    const run = await RunDirectory.create(path.join(directory, "run"), config);
    for (const [i, accuracy] of [0.5, 0.8, 0.7, 0.8].entries()) {
      const weights = new Map([["w", hostArray([1], [i + 1])]]);
      await run.saveEpoch(epoch(i + 1, accuracy), description, weights);
    }
    const weightIn = async (file: string): Promise<number | undefined> => {
      const { tensors } = readSafetensors(await readFile(path.join(run.directory, file)));
      return Number(tensors.get("w")?.data[0]);
    };
    assert.equal(await weightIn("last.safetensors"), 4);
    assert.equal(await weightIn("best.safetensors"), 2);
    const lines = (await readFile(path.join(run.directory, "metrics.jsonl"), "utf8")).trim();
    assert.deepEqual(
      lines.split("\n").map((line) => (JSON.parse(line) as EpochMetrics).validAccuracy),
      [0.5, 0.8, 0.7, 0.8],
    );
    assert.deepEqual(
      JSON.parse(await readFile(path.join(run.directory, "config.json"), "utf8")),
      config,
    );
  });

  test("refuses a directory that holds something, or cannot be made", async () => {
    const used = path.join(directory, "used");
    await writeFileAtomically(path.join(used, "mine.txt"), "");
    await assert.rejects(RunDirectory.create(used, config), {
      code: "ERR_RUN_DIRECTORY",
      message: `${used} is not empty (mine.txt): name another directory with --out`,
    });
    const file = path.join(directory, "file");
    await writeFile(file, "");
    await assert.rejects(RunDirectory.create(path.join(file, "run"), config), {
      code: "ERR_RUN_DIRECTORY",
      message: `${path.join(file, "run")} cannot be written (ENOTDIR)`,
    });
  });

  const root = process.getuid?.() === 0 ? "root may write everywhere" : false;
  test("says so where it may not write", { skip: root }, async () => {
    const locked = path.join(directory, "locked");
    await writeFileAtomically(path.join(locked, "x"), "");
    await chmod(locked, 0o500);
    await assert.rejects(RunDirectory.create(path.join(locked, "run"), config), {
      code: "ERR_RUN_DIRECTORY",
      message: `${path.join(locked, "run")} cannot be written (EACCES)`,
    });
    await chmod(locked, 0o700);
  });
});
