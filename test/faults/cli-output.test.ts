// Output that fails never ends the work, and the exit code reports it.
import assert from "node:assert/strict";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { folderTraining } from "../helpers/folder-training.js";
import { scratchFolder } from "../helpers/scratch-folder.js";
import { startResnet } from "../helpers/start-resnet.js";

const skip = existsSync("/dev/full") ? false : "there is no /dev/full";

describe("output on a full device", { skip }, () => {
  const full = openSync("/dev/full", "w");
  const root = scratchFolder({ after: (remove) => process.on("exit", remove) });

  test("does not end a training, which exits with 1", async (t) => {
    const out = path.join(root, "full");
    const words = [...(await folderTraining(t)), `--out=${out}`];
    const { written, ended } = startResnet(words, { stdio: ["ignore", full, "pipe"] });
    assert.equal(await ended, 1, written.stderr);
    assert.equal(
      written.stderr,
      "error: standard output cannot be written (ENOSPC: the disk is full): output is lost, and the work goes on\n",
    );
    assert.equal(
      readFileSync(path.join(out, "metrics.jsonl"), "utf8").trim().split("\n").length,
      2,
    );
    assert.ok(existsSync(path.join(out, "report.json")));
  });

  test("does not end a training where standard error is full as well", async (t) => {
    const out = path.join(root, "both-full");
    const words = [...(await folderTraining(t)), "--json", `--out=${out}`];
    assert.equal(await startResnet(words, { stdio: ["ignore", full, full] }).ended, 1);
    assert.ok(existsSync(path.join(out, "report.json")));
  });

  test("makes every command exit with 1", async () => {
    for (const words of [
      ["recipes"],
      ["data", "list", "--json"],
      ["summary", "resnet18"],
      ["--help"],
    ])
      assert.equal(await startResnet(words, { stdio: ["ignore", full, "ignore"] }).ended, 1);
  });

  test("does not change another exit code", async () => {
    assert.equal(await startResnet(["trian"], { stdio: ["ignore", full, full] }).ended, 2);
    closeSync(full);
  });
});

test("a reader that ends does not end a training, which exits with 1", async (t) => {
  const out = path.join(scratchFolder(t), "closed");
  const { child, written, ended } = startResnet([...(await folderTraining(t)), `--out=${out}`]);
  child.stdout!.destroy();
  assert.equal(await ended, 1, written.stderr);
  assert.match(
    written.stderr,
    /^error: standard output cannot be written \(EPIPE: its reader has ended\): output is lost, and the work goes on\n$/,
  );
  assert.ok(existsSync(path.join(out, "report.json")));
});
