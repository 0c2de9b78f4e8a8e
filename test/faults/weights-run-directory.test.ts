// A run's directory stands for its weights wherever a checkpoint is wanted.
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { openCheckpoint } from "../../src/node/runs/checkpoint-file.js";
import { createModel } from "../../src/models/catalog.js";
import { readFirstWeights } from "../../src/node/runs/first-weights.js";
import { writeTestCheckpoint } from "../helpers/checkpoint.js";
import { packageRoot } from "../helpers/fixtures.js";
import { resnet } from "../helpers/resnet-command.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

const folder = scratchFolder();
const picture = path.join(packageRoot, "test/fixtures/images/colour.png");
const { file } = await writeTestCheckpoint();

function makeRun(name: string, ...files: readonly string[]): string {
  const run = path.join(folder, name);
  mkdirSync(run, { recursive: true });
  for (const each of files) copyFileSync(file, path.join(run, each));
  return run;
}

describe("A run directory is accepted where a checkpoint is wanted", () => {
  const run = makeRun("first", "best.safetensors", "last.safetensors");
  const out = path.join(folder, "out.png");
  const commands: Readonly<Record<string, readonly string[]>> = {
    predict: ["predict", run, picture],
    explain: ["explain", run, picture, "--out", out],
    features: ["features", run, picture, "--out", path.join(folder, "features.safetensors")],
    similar: ["similar", run, picture, "--among", path.dirname(picture) + "/colour.*"],
    export: ["export", run, "--format", "safetensors", "--out", path.join(folder, "out.st")],
  };
  for (const [name, words] of Object.entries(commands)) {
    test(`by ${name}, which says which file it takes`, () => {
      const { status, stderr } = resnet(...words);
      assert.match(stderr, /first: taking .*first\/best\.safetensors\n/);
      assert.equal(status, 0, stderr);
    });
  }

  test("by eval", () => {
    const { stderr } = resnet("eval", run, "--data", "nowhere");
    assert.match(stderr, /first: taking .*first\/best\.safetensors\n/);
    assert.doesNotMatch(stderr, /EISDIR/);
  });

  test("by a training that starts from it", async () => {
    const model = createModel("cifar-resnet20", { classes: 3, channels: 3 });
    assert.deepEqual((await readFirstWeights(run, model, 0)).replaced, []);
  });
});

test("A run that has no best weights yet gives its last ones", async () => {
  const checkpoint = await openCheckpoint(makeRun("second", "last.safetensors"));
  await checkpoint.close();
  assert.match(checkpoint.file, /second\/last\.safetensors$/);
});

test("A directory without weights is refused, and the runs in it are named", () => {
  makeRun("grid/a", "last.safetensors");
  makeRun("grid/b", "best.safetensors");
  const grid = path.join(folder, "grid");
  assert.equal(
    resnet("predict", grid, picture).stderr,
    `error: ${grid} is a directory without best.safetensors or last.safetensors: it holds the runs a, b: name one of them\n`,
  );
});

test("A run's own weights are not written over", () => {
  const run = makeRun("third", "best.safetensors");
  const own = path.join(run, "best.safetensors");
  for (const words of [
    ["export", run, "--format", "safetensors", "--out", own],
    ["explain", run, picture, "--out", own],
    ["features", run, picture, "--out", own],
  ]) {
    const { status, stderr } = resnet(...words);
    assert.equal(status, 2);
    assert.match(stderr, /is what is read here/);
  }
  assert.ok(existsSync(own));
});
