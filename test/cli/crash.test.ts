// Kills trainings with SIGKILL, also in the middle of writing, and holds what the resumed ones end with against the bytes
// of one that was never killed; and the same of copies of what a kill leaves. RESNET_TEST_CRASHES=1 kills more often, and
// takes a copy at every operation on a file there is.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { readSafetensors } from "../../src/interop/read-safetensors.js";
import { randomKey, uniform } from "../../src/tensor/random.js";

const script = fileURLToPath(new URL("../helpers/train-tiny.js", import.meta.url));
const preload = pathToFileURL(
  fileURLToPath(new URL("../helpers/crash-at.js", import.meta.url)),
).href;
const isLong = process.env["RESNET_TEST_CRASHES"] !== undefined;

/** Trains in a process of its own, which may be killed. */
function train(
  directories: readonly string[],
  variables: Readonly<Record<string, string>>,
): { done: boolean; stdout: string } {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", preload, script, ...directories],
    {
      encoding: "utf8",
      env: { ...process.env, RESNET_TEST_CRASH_AT: "0", ...variables },
    },
  );
  assert.ok(signal === "SIGKILL" || status === 0, stderr);
  return { done: status === 0, stdout };
}

/** Trains in a process that is killed at its n-th operation on files; at none with 0. */
const trainUntil = (directory: string, operation: number): { done: boolean; stdout: string } =>
  train([directory], { RESNET_TEST_CRASH_AT: String(operation) });

/** What a training leaves behind, but for times. */
function results(directory: string): object {
  const read = (name: string): Buffer => readFileSync(path.join(directory, name));
  const metrics = read("metrics.jsonl")
    .toString()
    .replaceAll(/"(seconds|imagesPerSecond|waiting)":[\d.e+-]+/g, '"$1":0');
  const state = new Map(readSafetensors(read("resume.safetensors")).tensors);
  assert.ok(state.delete("resnet-ts-training.epochs")); // the metrics, with their times
  return {
    files: readdirSync(directory).sort(),
    metrics,
    config: read("config.json").toString(),
    last: read("last.safetensors").toString("hex"),
    best: read("best.safetensors").toString("hex"),
    state,
  };
}

describe("a killed training", () => {
  let root = "";
  let expected: object;
  let operations = 0;
  before(() => {
    root = mkdtempSync(path.join(tmpdir(), "resnet-ts-crash-"));
    const { stdout } = trainUntil(path.join(root, "whole"), 0);
    expected = results(path.join(root, "whole"));
    operations = Number(/(\d+) operations/.exec(stdout)?.[1]);
    assert.ok(operations > 200, `${operations} operations`);
  });
  after(() => rmSync(root, { recursive: true }));

  test("ends with the same bytes, killed again and again while it works with files", () => {
    const directory = path.join(root, "again");
    const kills = isLong ? 60 : 8;
    let killed = 0;
    for (let i = 0; i < kills; i++) {
      const share = uniform(randomKey(1, "crash"), i);
      if (trainUntil(directory, 1 + Math.floor((share * operations) / 3)).done) break;
      killed++;
    }
    assert.ok(killed >= 4, `killed ${killed} times`);
    trainUntil(directory, 0);
    assert.deepEqual(results(directory), expected);
  });

  test("ends with the same bytes, killed at any moment", async () => {
    const directory = path.join(root, "moments");
    for (let i = 0; i < (isLong ? 60 : 3); i++) {
      const child = spawn(process.execPath, [script, directory], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      const exit = new Promise((resolve) => child.on("exit", resolve));
      await new Promise((resolve) => child.stdout.once("data", resolve)); // it is ready
      await sleep(uniform(randomKey(2, "crash"), i) * 400);
      child.kill("SIGKILL");
      if ((await exit) === 0) rmSync(directory, { recursive: true });
    }
    trainUntil(directory, 0);
    assert.deepEqual(results(directory), expected);
  });

  test("leaves at every operation what ends with the same bytes", () => {
    const copies = path.join(root, "copies");
    const every = isLong ? 1 : 32;
    train([path.join(root, "copied")], {
      RESNET_TEST_CRASH_COPIES: copies,
      RESNET_TEST_CRASH_EVERY: String(every),
    });
    const left = readdirSync(copies).map((name) => path.join(copies, name));
    assert.ok(left.length > (0.9 * operations) / every, `${left.length} of ${operations}`);
    train(left, {});
    for (const directory of left) assert.deepEqual(results(directory), expected, directory);
  });
});
