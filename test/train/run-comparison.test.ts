import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { findRecipe } from "../../src/train/recipes.js";
import { ComparisonDirectory } from "../../src/train/run-comparison.js";

describe("the directory of a comparison in which no training began", () => {
  let scratch = "";
  before(() => (scratch = mkdtempSync(path.join(tmpdir(), "resnet-ts-comparison-"))));
  after(() => rmSync(scratch, { recursive: true, force: true }));
  const trainings = new Map([["one", findRecipe("fashion-resnet34").config]]);

  test("goes when the process that made it gives up, and stays when another one does", async () => {
    const directory = path.join(scratch, "compared");
    const file = path.join(directory, "comparison.json");
    const made = await ComparisonDirectory.create(directory);
    await made.begin(trainings);
    const contents = readFileSync(file);
    await made.close();
    assert.equal(existsSync(directory), false);

    mkdirSync(directory);
    writeFileSync(file, contents); // what a process leaves that is killed there
    const opened = await ComparisonDirectory.open(directory);
    await opened!.close();
    assert.deepEqual(readFileSync(file), contents);
  });

  test("stays where there is a file that is not of the comparison", async () => {
    const directory = path.join(scratch, "noted");
    const made = await ComparisonDirectory.create(directory);
    await made.begin(trainings);
    writeFileSync(path.join(directory, "notes.txt"), "mine");
    await made.close();
    assert.equal(existsSync(path.join(directory, "notes.txt")), true);
    assert.equal(existsSync(path.join(directory, "comparison.json")), true);
  });
});
