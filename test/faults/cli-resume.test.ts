// A run that stopped and went on leaves the files of one that did not stop.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { folderTraining } from "../helpers/folder-training.js";
import { resnet } from "../helpers/resnet-command.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

test("metrics.jsonl and every other text of a resumed run have the same bytes, but for times", async (t) => {
  const root = scratchFolder(t);
  const words = [...(await folderTraining(t)), "--schedule=constant", "--set", "evaluateEvery=2"];
  const [whole, resumed] = [path.join(root, "whole"), path.join(root, "resumed")];
  assert.equal(resnet(...words, "--epochs=3", `--out=${whole}`).status, 0);
  assert.equal(resnet(...words, "--epochs=2", `--out=${resumed}`).status, 0);
  const { status, stderr } = resnet("train", "--resume", resumed, "--epochs=3", "--threads=1");
  assert.equal(status, 0, stderr);
  const times = /"(seconds|imagesPerSecond|waiting)":[\d.e+-]+/g;
  for (const file of ["metrics.jsonl", "steps.jsonl", "config.json", "report.json", "report.txt"]) {
    const [one, other] = [whole, resumed].map((run) =>
      readFileSync(path.join(run, file), "utf8").replaceAll(times, '"$1":0'),
    );
    assert.equal(other, one, file);
  }
});
