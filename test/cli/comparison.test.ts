// resnet train RECIPE for a recipe that compares several trainings, as its users meet it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, test } from "node:test";
import type { EpochMetrics } from "../../src/train/metrics.js";
import { scratchFolder } from "../helpers/scratch-folder.js";
import { skipWithoutFashionMnist } from "../helpers/fashion-mnist.js";
import { main, resnet } from "../helpers/resnet-command.js";

describe("a comparison on real data", { skip: skipWithoutFashionMnist }, () => {
  const directory = scratchFolder();
  const out = (name: string): string => path.join(directory, name);
  const read = (run: string, file: string): Buffer => readFileSync(path.join(out(run), file));
  const compared = "degradation --data fashion-mnist --batch 8 --limit-train 8 --limit-test 8";

  test("trains each, and draws them together", () => {
    const { status, stdout, stderr } = resnet(
      "train",
      ...compared.split(" "),
      "--epochs=1",
      "--json",
      "--out",
      out("comparison"),
    );
    assert.equal(status, 0, stderr);
    const { trainings } = JSON.parse(stdout) as {
      trainings: Record<
        string,
        { parameters: number; gradientNorms: object; epochs: EpochMetrics[] }
      >;
    };
    const names = ["plain20", "plain56", "cifar-resnet20", "cifar-resnet56"];
    assert.deepEqual(Object.keys(trainings), names);
    assert.equal(Object.keys(trainings["plain56"]!.gradientNorms).length, 56);
    assert.equal(trainings["plain20"]!.parameters, 269_434);
    assert.deepEqual(
      readdirSync(out("comparison")).sort(),
      [
        ...names,
        "comparison.txt",
        "error.png",
        "error.svg",
        "gradients.png",
        "gradients.svg",
      ].sort(),
    );
    const config = JSON.parse(read("comparison/plain56", "config.json").toString()) as object;
    assert.deepEqual(
      { ...config, model: "plain20" },
      JSON.parse(read("comparison/plain20", "config.json").toString()),
    );
    assert.match(
      read("comparison", "comparison.txt").toString(),
      /^ +parameters .*\nplain20 +269,434 /,
    );
    const checkpoint = path.join(out("comparison/plain20"), "last.safetensors");
    const again = resnet("eval", checkpoint, "--split", "valid", "--json");
    assert.equal(again.status, 0, again.stderr);
    const { samples, accuracy } = JSON.parse(again.stdout) as Record<string, number>;
    assert.equal(samples, 8);
    assert.equal(accuracy, trainings["plain20"]!.epochs.at(-1)!.validAccuracy);
  });

  test("that was killed is finished by --resume, with the same bytes", async () => {
    const words = [...compared.split(" "), "--epochs=1", "--out", out("killed")];
    const killed = spawn(process.execPath, [main, "train", ...words]);
    killed.stdout.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("plain56 (2 of 4)")) killed.kill("SIGKILL");
    });
    await new Promise((resolve) => killed.on("exit", resolve));
    assert.ok(existsSync(path.join(out("killed"), "plain20/report.json")));
    assert.ok(!existsSync(path.join(out("killed"), "cifar-resnet20")));

    const other = resnet("train", "--resume", out("killed"), "--lr", "0.5");
    assert.equal(other.status, 2);
    assert.match(other.stderr, /is trained with --learning-rate 0\.1, not 0\.5/);
    const again = resnet("train", ...words);
    assert.equal(again.status, 1);
    assert.match(again.stderr, /is not empty \(.*or go on with --resume /);

    const { status, stderr } = resnet("train", "--resume", out("killed"));
    assert.equal(status, 0, stderr);
    const names = readdirSync(out("comparison")).sort();
    assert.deepEqual(readdirSync(out("killed")).sort(), names);
    for (const name of names.filter((each) => !each.includes(".")))
      assert.ok(
        read(`killed/${name}`, "last.safetensors").equals(
          read(`comparison/${name}`, "last.safetensors"),
        ),
        name,
      );
    const table = (run: string): string =>
      read(run, "comparison.txt")
        .toString()
        .replaceAll(/\d+ s$/gm, "");
    assert.equal(table("killed"), table("comparison"));
  });

  test("that is stopped says how to go on, with what the machine needs", async () => {
    const words = [...compared.split(" "), "--epochs=100", "--threads=1", "--out", out("paused")];
    const child = spawn(process.execPath, [main, "train", ...words]);
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout.on("data", (chunk: Buffer) => {
      if (chunk.toString().includes("epoch ")) child.kill("SIGINT");
    });
    const status = await new Promise((resolve) => child.on("exit", resolve));
    assert.equal(status, 130);
    assert.match(stderr, /\nto go on: node .*main\.js train --resume .*paused --threads 1\n/);
  });

  // Validation and test are of so many images here that a signal meets them.
  const long = "degradation --data fashion-mnist --batch 8 --limit-train 8 --limit-test 3000";

  async function stopWhen(isThen: (said: string) => Promise<boolean>, run: string) {
    const words = [...long.split(" "), "--epochs=1", "--save-every=1", "--out", run];
    const child = spawn(process.execPath, [main, "train", ...words]);
    const said = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const)
      child[stream].on("data", (chunk: Buffer) => (said[stream] += chunk.toString()));
    const ended = new Promise((resolve) => child.on("exit", resolve));
    while (child.exitCode === null && !(await isThen(said.stdout))) await setTimeout(5);
    child.kill("SIGINT");
    assert.equal(await ended, 130, said.stderr);
    assert.match(said.stderr, /\nto go on: node .*main\.js train --resume /);
    assert.ok(!existsSync(path.join(run, "plain56")));
    return said.stderr;
  }

  test("that is stopped while a last epoch is validated begins no other training", async () => {
    const run = out("validated");
    const stderr = await stopWhen(async () => {
      const isSaved = existsSync(path.join(run, "plain20/resume.safetensors"));
      if (isSaved) await setTimeout(200); // the last step has been saved: its epoch ends
      return isSaved;
    }, run);
    assert.match(stderr, /\nstopped after the last epoch, before the test, and saved\n/);
    assert.ok(!existsSync(path.join(run, "plain20/report.json")));
  });

  test("that is stopped while one is tested begins no other training", async () => {
    const run = out("tested");
    const stderr = await stopWhen((said) => Promise.resolve(said.includes("epoch 1/1")), run);
    assert.match(stderr, /\nstopped after plain20 \(1 of 4\), and saved\n/);
    assert.ok(existsSync(path.join(run, "plain20/report.json")));
  });
});
