// Names out of files, of classes and of pictures, that were made to do harm in a terminal.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, renameSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { writeTestCheckpoint } from "../helpers/checkpoint.js";
import { packageRoot } from "../helpers/fixtures.js";
import { writeImageFolder } from "../helpers/image-folder.js";

const classes = ["\u001b[2Jred\n  99.99 %  cat", "\u009b31m三毛猫", "ant\r"] as const;
const shown = ["?[2Jred?  99.99 %  cat", "?31m三毛猫", "ant?"];

/** A checkpoint and a folder of pictures of these classes, and the command beside them. */
async function setUp(t: TestContext) {
  const { file } = await writeTestCheckpoint(t, classes);
  const cwd = await writeImageFolder(t, { train: 1, test: 2 });
  for (const part of ["train", "test"]) {
    for (const [i, name] of ["a", "b", "c"].entries()) {
      renameSync(path.join(cwd, part, name), path.join(cwd, part, classes[i]!));
    }
  }
  cpSync(path.join(cwd, "train", classes[2], "0.png"), path.join(cwd, "\u001bx\n.png"));
  const resnet = (...words: readonly string[]) => {
    const args = [path.join(packageRoot, "dist/src/node/cli/main.js"), ...words];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
    assert.doesNotMatch(stdout + stderr, /(?!\n)\p{Cc}/u);
    return { stdout, stderr };
  };
  return { file, resnet };
}

test("names of classes and pictures stay on their lines, and control nothing", async (t) => {
  const { file, resnet } = await setUp(t);
  const lines = resnet("predict", file, ".").stdout.split("\n");
  assert.deepEqual(
    lines
      .slice(1, 4)
      .map((line) => line.slice(12))
      .sort(),
    [...shown].sort(),
  );
  assert.equal(lines.length, 4 * 10 + 1); // ten pictures, each with three classes
  assert.ok(lines.includes("?x?.png"));

  const { stdout: report } = resnet("eval", file, "--data", ".");
  for (const name of shown)
    assert.ok(report.includes(` ${name}  `) || report.includes(`${name}  `));
  assert.equal(report.split("\n").length, 12, report);
  const { stdout: counts } = resnet("data", "info", ".");
  assert.match(counts, /^\?31m三毛猫 +1 +2$/m);

  const explain = ["explain", file, "\u001bx\n.png", "--out", "why.png"];
  assert.match(resnet(...explain, "--label", "0").stdout, /what speaks for \?\[2Jred\?  99/);
  assert.match(resnet(...explain, "--label", "dog").stderr, /^error: .*: \?\[2Jred\?.*, ant\?\n$/);
  const similar = resnet("similar", file, "\u001bx\n.png", "--among", ".", "--top", "20");
  assert.equal(similar.stdout.split("\n").length, 9 + 2); // what explain drew lies there too
});

test("--json gives them as they are", async (t) => {
  const { file, resnet } = await setUp(t);
  const { stdout } = resnet("predict", file, "\u001bx\n.png", "--json");
  const [found] = JSON.parse(stdout) as { image: string; top: { label: string }[] }[];
  assert.equal(found!.image, "\u001bx\n.png");
  assert.deepEqual(found!.top.map(({ label }) => label).sort(), [...classes].sort());
});
