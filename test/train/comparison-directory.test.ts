import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { findRecipe } from "../../src/train/recipes.js";
import { ComparisonDirectory } from "../../src/node/runs/comparison-directory.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

describe("the directory of a comparison", () => {
  const scratch = scratchFolder();
  const trainings = new Map([["one", findRecipe("fashion-resnet34").config]]);

  test("goes when the process that made it gives up before any training began, and stays when another one does", async () => {
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

  test("is not set back where one training went on alone, with more epochs", async () => {
    const directory = path.join(scratch, "further");
    const file = path.join(directory, "one", "config.json");
    const made = await ComparisonDirectory.create(directory);
    await made.begin(trainings);
    const [config] = trainings.values();
    const own = { ...config!, epochs: config!.epochs + 10 };
    mkdirSync(path.dirname(file));
    writeFileSync(file, JSON.stringify(own));
    await made.close();

    const opened = (await ComparisonDirectory.open(directory))!;
    await assert.rejects(opened.begin(opened.trainings), {
      code: "ERR_RUN_DIRECTORY",
      message:
        `${directory}/one went on alone and has ${own.epochs} epochs, the comparison ${config!.epochs}: ` +
        `go on with --resume ${directory} --epochs ${own.epochs}, which gives all of them as many`,
    });
    await opened.begin(new Map([["one", own]]));
    await opened.close();
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
