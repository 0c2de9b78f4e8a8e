// Signals, and directories that go away: nothing is lost, nothing is left in the way, and messages say what is true.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { folderTraining } from "../helpers/folder-training.js";
import { resnet } from "../helpers/resnet-command.js";
import { scratchFolder } from "../helpers/scratch-folder.js";
import { startResnet } from "../helpers/start-resnet.js";

const scratch = scratchFolder();
const place = (name: string): string => path.join(scratch, name);

for (const [signal, code] of [
  ["SIGHUP", 129],
  ["SIGTERM", 143],
] as const) {
  test(`${signal} finishes the step, saves, frees the directory, and exits with ${code}`, async (t) => {
    const out = place(signal);
    const words = [...(await folderTraining(t)), "--epochs=1000", `--out=${out}`];
    const { child, written, says, ended } = startResnet(words);
    await says("epoch ");
    child.kill(signal);
    assert.equal(await ended, code, written.stderr);
    assert.match(
      written.stderr,
      /^\nfinishing this step and saving\nstopped in epoch \d+ of 1000, and saved\n/,
    );
    assert.ok(existsSync(path.join(out, "resume.safetensors")));
    assert.deepEqual(
      readdirSync(out).filter((name) => name.startsWith(".")),
      [],
    );
  });
}

describe("a signal before the first step", () => {
  test("while the training prepares leaves nothing, and the process ends by the signal", async (t) => {
    const out = place("preparing");
    const words = [...(await folderTraining(t)), `--out=${out}`];
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      const { written, ended } = startResnet(words, { signal: `${signal}:1` });
      assert.equal(await ended, signal);
      assert.deepEqual([written.stderr, existsSync(out)], ["", false]);
    }
  });

  test("says that there is nothing to save, and leaves nothing", async (t) => {
    const out = place("first-step");
    const words = [...(await folderTraining(t)), `--out=${out}`];
    const { written, ended } = startResnet(words, { signal: "SIGINT:2" });
    assert.equal(await ended, 130);
    assert.equal(
      written.stderr,
      "\nfinishing this step and saving; press Ctrl-C again to stop at once\n" +
        "stopped before the first step: there is nothing to save\n",
    );
    assert.equal(existsSync(out), false);
  });

  test("of a run that goes on says what is true: it is saved", async (t) => {
    const out = place("goes-on");
    assert.equal(resnet(...(await folderTraining(t)), `--out=${out}`).status, 0);
    const words = ["train", "--resume", out, "--epochs=9"];
    const { written, ended } = startResnet(words, { signal: "SIGINT:2" });
    assert.equal(await ended, 130);
    assert.match(written.stderr, /\nstopped in epoch 3 of 9, and saved\nto go on: /);
  });

  test("of lr-find does not speak of saving", async (t) => {
    const [, ...words] = await folderTraining(t);
    const own = words.filter((word) => !word.startsWith("--epochs"));
    const chart = `--chart=${place("lr.svg")}`;
    const { written, ended } = startResnet(["lr-find", ...own, chart], { signal: "SIGTERM:1" });
    assert.equal(await ended, 143, written.stderr);
    assert.equal(written.stderr, "\nfinishing this step\n");
  });
});

describe("a run that was killed before it saved anything", () => {
  test("begins anew with --resume, and ends as if it had never been killed", async (t) => {
    const words = await folderTraining(t);
    const [killed, whole] = [place("killed"), place("whole")];
    for (const at of ["SIGKILL:1", "SIGKILL:2"] as const) {
      assert.equal(
        await startResnet([...words, `--out=${killed}`], { signal: at }).ended,
        "SIGKILL",
      );
      const { status, stderr } = resnet("train", "--resume", killed, "--threads=1");
      assert.equal(status, 0, stderr);
      if (!existsSync(whole)) assert.equal(resnet(...words, `--out=${whole}`).status, 0);
      const [one, other] = [killed, whole].map((run) =>
        readFileSync(path.join(run, "last.safetensors")),
      );
      assert.ok(one!.equals(other!));
      rmSync(killed, { recursive: true });
    }
  });

  test("has nothing to resume where not even its configuration was written, and leaves the place free", async (t) => {
    const out = place("empty");
    mkdirSync(path.join(out, ".lock"), { recursive: true });
    writeFileSync(path.join(out, ".lock", "owner"), "");
    const { status, stderr } = resnet("train", "--resume", out);
    assert.equal(status, 1);
    assert.equal(
      stderr,
      `error: there is no run in ${out} to resume: it has no config.json; start one with --out ${out}\n`,
    );
    assert.equal(resnet(...(await folderTraining(t)), `--out=${out}`).status, 0);
  });
});

test("a run directory that is deleted or replaced during the training is an error at the next save", async (t) => {
  const words = [...(await folderTraining(t)), "--epochs=1000"];
  for (const name of ["deleted", "replaced"]) {
    const out = place(name);
    const { written, says, ended } = startResnet([...words, `--out=${out}`]);
    await says("epoch ");
    rmSync(out, { recursive: true });
    if (name === "replaced") mkdirSync(out);
    assert.equal(await ended, 1);
    assert.equal(
      written.stderr,
      `error: ${out} is no longer the directory that this training began in: somebody deleted, moved or replaced it\n`,
    );
    assert.deepEqual(existsSync(out) ? readdirSync(out) : [], []);
  }
});

describe("a start that fails leaves no directory in the way", () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    "no such data": ["--data=nowhere"],
    "no such weights": ["--init=nowhere.pth", "--model=cifar-resnet20"],
    "another number of classes": ["--class-weights=1,2"],
    "a crop that does not fit": ["--train-transforms=randomCrop(999)"],
    "no such part of the model": ["--freeze=layer9"],
    "a loss that diverges in the first epoch": ["--lr=1e30", "--schedule=constant"],
  };
  for (const [what, flags] of Object.entries(cases)) {
    test(what, async (t) => {
      const out = place(what.replaceAll(" ", "-"));
      const { status, stderr } = resnet(...(await folderTraining(t)), ...flags, `--out=${out}`);
      assert.notEqual(status, 0);
      assert.match(stderr, /^error: /);
      assert.doesNotMatch(stderr, /fault of resnet-ts/);
      assert.equal(existsSync(out), false);
    });
  }

  test("a picture that cannot be decoded, found in the first step", async (t) => {
    const words = await folderTraining(t);
    const folder = words.find((word) => word.startsWith("--data="))!.slice("--data=".length);
    writeFileSync(path.join(folder, "train/a/0.png"), "no picture");
    const out = place("broken-picture");
    assert.equal(resnet(...words, `--out=${out}`).status, 1);
    assert.equal(existsSync(out), false);
  });
});
