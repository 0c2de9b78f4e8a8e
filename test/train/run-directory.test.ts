import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import fs from "node:fs";
import {
  chmod,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
  type FileHandle,
} from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { readSafetensors } from "../../src/interop/read-safetensors.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { isBest, type EpochMetrics, type WatchedMetric } from "../../src/train/metrics.js";
import { writeFileAtomically } from "../../src/node/files/replace-file.js";
import { findRecipe } from "../../src/train/recipes.js";
import type { TrainConfig } from "../../src/train/config/config.js";
import { ReferenceExecutor } from "../../src/executors/reference/reference-executor.js";
import { sourceOf, writeSafetensors } from "../../src/interop/write-safetensors.js";
import { readCheckpoint } from "../../src/node/runs/checkpoint-file.js";
import { startOfTraining } from "../../src/train/progress.js";
import { RunDirectory, type RunSnapshot } from "../../src/node/runs/run-directory.js";

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
    normalize: config.normalize,
    data: { name: "fashion-mnist", trainSize: 4, validSize: 2, seed: 1 },
  };
  const epoch = (number: number, validAccuracy: number, validLoss = 1): EpochMetrics => ({
    epoch: number,
    trainLoss: 1,
    trainAccuracy: validAccuracy,
    validLoss,
    validAccuracy,
    imagesPerSecond: 1,
    learningRate: 0.1,
    seconds: 1,
  });

  /** A training of one weight, which has this value after these epochs. */
  async function snapshot(
    weight: number,
    epochs: readonly EpochMetrics[],
    watched: WatchedMetric = { name: "validAccuracy", better: "higher" },
  ): Promise<RunSnapshot> {
    const executor = new ReferenceExecutor();
    await executor.write("w", hostArray([1], [weight]));
    await executor.write("optimizer/velocity/w", hostArray([1], [-weight]));
    await executor.write("data/train/labels", hostArray([1], [0], "i32"));
    return {
      description,
      progress: { ...startOfTraining, epoch: epochs.length },
      epochs,
      isBestEpoch: isBest(epochs, watched),
      executor,
      weights: sourceOf(new Map([["w", await executor.read("w")]])),
    };
  }

  const histories = new WeakMap<RunDirectory, readonly EpochMetrics[]>();

  /** What `SaveRun` does after an epoch. */
  async function saveEpoch(
    run: RunDirectory,
    metrics: EpochMetrics,
    weight: number,
    watched?: WatchedMetric,
  ): Promise<void> {
    const epochs = [...(histories.get(run) ?? run.saved?.epochs ?? []), metrics];
    histories.set(run, epochs);
    await run.saveState(await snapshot(weight, epochs, watched));
    await run.publish(await snapshot(weight, epochs, watched));
  }

  async function begin(name: string, change: Partial<TrainConfig> = {}): Promise<RunDirectory> {
    const run = await RunDirectory.create(path.join(directory, name));
    await run.begin({ ...config, ...change });
    return run;
  }

  const noNotice = (notice: string): void => assert.fail(notice);
  const read = (run: RunDirectory, file: string): Promise<Buffer> =>
    readFile(path.join(run.directory, file));
  const weightIn = async (run: RunDirectory, file: string): Promise<number | undefined> =>
    Number(readSafetensors(await read(run, file)).tensors.get("w")?.data[0]);

  test("keeps the weights of the last epoch, and of the first with the best validation accuracy", async () => {
    const run = await begin("run");
    for (const [i, accuracy] of [0.5, 0.8, 0.7, 0.8].entries()) {
      await saveEpoch(run, epoch(i + 1, accuracy), i + 1);
    }
    await run.close();
    assert.equal(await weightIn(run, "last.safetensors"), 4);
    assert.equal(await weightIn(run, "best.safetensors"), 2);
    const lines = (await read(run, "metrics.jsonl")).toString().trim();
    assert.deepEqual(
      lines.split("\n").map((line) => (JSON.parse(line) as EpochMetrics).validAccuracy),
      [0.5, 0.8, 0.7, 0.8],
    );
    assert.deepEqual(JSON.parse((await read(run, "config.json")).toString()), config);
    assert.deepEqual((await readdir(run.directory)).sort(), [
      "best.safetensors",
      "config.json",
      "last.safetensors",
      "metrics.jsonl",
      "resume.previous.safetensors",
      "resume.safetensors",
      "steps.jsonl",
    ]);
  });

  test("keeps the weights of every epoch where it is told to", async () => {
    const run = await begin("every-epoch", { keepEpochs: true });
    for (const number of [1, 2]) {
      await saveEpoch(run, epoch(number, 0.5), 10 * number);
    }
    await run.close();
    const names = await readdir(run.directory);
    assert.deepEqual(names.filter((name) => name.startsWith("epoch-")).sort(), [
      "epoch-001.safetensors",
      "epoch-002.safetensors",
    ]);
    assert.equal(await weightIn(run, "epoch-001.safetensors"), 10);
    assert.equal(await weightIn(run, "epoch-002.safetensors"), 20);
  });

  test("may pick the best by validation loss", async () => {
    const run = await begin("by-loss", { bestMetric: "validLoss" });
    for (const [i, loss] of [3, 1, 2].entries()) {
      await saveEpoch(run, epoch(i + 1, i / 10, loss), i + 1, {
        name: "validLoss",
        better: "lower",
      });
    }
    await run.close();
    assert.equal(await weightIn(run, "best.safetensors"), 2);
  });

  test("gives back what it saved: progress, metrics, and every array but the data", async () => {
    const run = await begin("saved");
    await saveEpoch(run, epoch(1, 0.5), 1);
    const progress = {
      ...startOfTraining,
      epoch: 1,
      step: 3,
      sums: { loss: [0.1, 6], accuracy: [2, 6] },
      samples: 6,
      seconds: 0.5,
    };
    await run.saveState({ ...(await snapshot(7, [epoch(1, 0.5)])), progress });
    await run.close();
    const again = await RunDirectory.open(run.directory, noNotice);
    const { saved } = again;
    assert.deepEqual(again.config, config);
    assert.deepEqual(again.saved!.epochs, [epoch(1, 0.5)]);
    assert.deepEqual(saved?.progress, progress);
    assert.deepEqual(saved.description, description);
    assert.equal(saved.executor, new ReferenceExecutor().description);
    const { executor } = await snapshot(0, []);
    await saved.restore(executor);
    assert.equal((await executor.read("w")).data[0], 7);
    assert.equal((await executor.read("optimizer/velocity/w")).data[0], -7);
    assert.equal(await weightIn(run, "last.safetensors"), 1, "of the last whole epoch");
    await again.close();
  });

  test("goes on from the state before where the newest is damaged, and says so", async () => {
    const run = await begin("damaged");
    await saveEpoch(run, epoch(1, 0.5), 1);
    await saveEpoch(run, epoch(2, 0.6), 2);
    await run.close();
    const newest = path.join(run.directory, "resume.safetensors");
    const bytes = await readFile(newest);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(newest, bytes);
    const notices: string[] = [];
    const again = await RunDirectory.open(run.directory, (notice) => notices.push(notice));
    assert.equal(again.saved!.epochs.length, 1);
    assert.deepEqual(notices, [
      `${newest}: its checksum is not that of its contents: it was damaged or changed after it was written; ` +
        "going on from the one before it, resume.previous.safetensors; it is kept as resume.damaged.safetensors",
    ]);
    await again.close();

    // The damaged file has another name, so that the next save cannot keep it as the previous state.
    const previous = path.join(run.directory, "resume.previous.safetensors");
    await assert.rejects(readFile(newest), { code: "ENOENT" });
    assert.deepEqual(await readFile(path.join(run.directory, "resume.damaged.safetensors")), bytes);
    const once = await RunDirectory.open(run.directory, noNotice);
    assert.equal(once.saved!.epochs.length, 1);
    await once.close();

    await rm(previous);
    await writeFile(newest, bytes);
    await assert.rejects(RunDirectory.open(run.directory, noNotice), { code: "ERR_CHECKPOINT" });
    await rm(newest);
    await assert.rejects(RunDirectory.open(run.directory, noNotice), {
      code: "ERR_RUN_DIRECTORY",
      message: `${run.directory} has no resume.safetensors: the training cannot be resumed`,
    });
  });

  test("says how far into an epoch the last weights are, where it was stopped within one", async () => {
    const run = await begin("within");
    await saveEpoch(run, epoch(1, 0.5), 1);
    const last = path.join(run.directory, "last.safetensors");
    const { epoch: whole, step } = (await readCheckpoint(last)).description;
    assert.deepEqual([whole, step], [1, undefined]);
    const progress = { ...startOfTraining, epoch: 1, step: 3 };
    await run.saveWeights("last", { ...(await snapshot(7, [epoch(1, 0.5)])), progress });
    const stopped = (await readCheckpoint(last)).description;
    assert.deepEqual([stopped.epoch, stopped.step], [1, 3]);
    await run.close();
  });

  test("goes on after more epochs than a header could tell of", async () => {
    const run = await begin("long");
    await saveEpoch(run, epoch(1, 0.5), 1);
    await run.close();
    const state = path.join(run.directory, "resume.safetensors");
    const { tensors, metadata } = readSafetensors(await readFile(state));
    const many = Array.from({ length: 20_000 }, (_, i) => epoch(i + 1, i / 20_000));
    const text = new TextEncoder().encode(JSON.stringify(many));
    const arrays = new Map(tensors).set(
      "resnet-ts-training.epochs",
      hostArray([text.length], text, "u8"),
    );
    const record = { "resnet-ts-training": metadata.get("resnet-ts-training")! };
    await writeFile(state, await writeSafetensors(arrays, record));
    const again = await RunDirectory.open(run.directory, noNotice);
    assert.deepEqual(again.saved!.epochs, many);
    await again.begin(config);
    await saveEpoch(again, epoch(20_001, 2), 5);
    await again.close();
    const third = await RunDirectory.open(run.directory, noNotice);
    assert.equal(third.saved!.epochs.length, 20_001);
    const { executor } = await snapshot(0, []);
    await third.saved!.restore(executor);
    assert.equal((await executor.read("w")).data[0], 5);
    await third.close();
  });

  for (const [what, code, notice] of [
    ["a disk that cannot read the newest state", "EIO", "it cannot be read (EIO)"],
    ["a newest state that becomes shorter", undefined, "the file became shorter while it was read"],
  ] as const) {
    test(`goes on from the state before after ${what}`, async (t) => {
      const run = await begin(`unreadable-${code}`);
      await saveEpoch(run, epoch(1, 0.5), 1);
      await saveEpoch(run, epoch(2, 0.6), 2);
      await run.close();
      const newest = path.join(run.directory, "resume.safetensors");
      const { size, ino } = await stat(newest);
      const handle = await open(newest);
      const prototype = Object.getPrototypeOf(handle) as FileHandle;
      await handle.close();
      const original = prototype.read as (...values: unknown[]) => Promise<{ bytesRead: number }>;
      // The last bytes of the newest file, and of no other, cannot be read.
      const mock = t.mock.method(prototype, "read", async function (
        this: FileHandle,
        ...values: unknown[]
      ) {
        const [, , length, position] = values as [Uint8Array, number, number, number];
        if (position + length < size || (await this.stat()).ino !== ino)
          return original.apply(this, values);
        if (code) throw Object.assign(new Error("i/o error"), { code, errno: -5 });
        return { bytesRead: 0, buffer: values[0] };
      } as never);
      const notices: string[] = [];
      const again = await RunDirectory.open(run.directory, (text) => notices.push(text));
      mock.mock.restore();
      assert.equal(again.saved!.epochs.length, 1);
      const onwards =
        "going on from the one before it, resume.previous.safetensors; it is kept as resume.damaged.safetensors";
      assert.deepEqual(notices, [`${newest}: ${notice}; ${onwards}`]);
      await again.close();
    });
  }

  test("does not touch a newest state that it may not read", async (t) => {
    const run = await begin("forbidden");
    await saveEpoch(run, epoch(1, 0.5), 1);
    await saveEpoch(run, epoch(2, 0.6), 2);
    await run.close();
    const newest = path.join(run.directory, "resume.safetensors");
    const original = fs.promises.open;
    const mock = t.mock.method(fs.promises, "open", (file: string, ...rest: [string]) => {
      if (file !== newest) return original(file, ...rest);
      return Promise.reject(Object.assign(new Error("no"), { code: "EACCES", errno: -13 }));
    });
    syncBuiltinESMExports();
    try {
      await assert.rejects(RunDirectory.open(run.directory, noNotice), {
        code: "ERR_CHECKPOINT",
        message: `${newest}: it cannot be read (EACCES)`,
      });
    } finally {
      mock.mock.restore();
      syncBuiltinESMExports();
    }
    assert.ok((await readFile(newest)).length > 0);
  });

  test("reads the configuration that the process before it left, not one from before it had the directory", async (t) => {
    const run = await begin("raised");
    await saveEpoch(run, epoch(1, 0.5), 1);
    const original = fs.promises.rename;
    // The process that has the directory writes the configuration and goes, just when the next one takes the lock.
    const mock = t.mock.method(fs.promises, "rename", async (from: string, to: string) => {
      if (to.endsWith(".lock")) {
        mock.mock.restore();
        syncBuiltinESMExports();
        await run.begin({ ...config, epochs: 99 });
        await run.close();
      }
      return original(from, to);
    });
    syncBuiltinESMExports();
    const again = await RunDirectory.open(run.directory, noNotice);
    assert.equal(again.config?.epochs, 99);
    await again.close();
  });

  test("begins anew where nothing was saved, and removes what was half-written", async () => {
    const run = await begin("nothing-saved");
    await run.close();
    assert.ok(!fs.existsSync(run.directory));
    // As a process leaves it that was killed.
    await writeFileAtomically(path.join(run.directory, "config.json"), JSON.stringify(config));
    await writeFile(path.join(run.directory, `.resume.safetensors.${randomUUID()}.tmp`), "half");
    const again = await RunDirectory.open(run.directory, noNotice);
    assert.equal(again.saved, null);
    await again.close();
    assert.deepEqual(await readdir(run.directory), ["config.json"]);
  });

  test("refuses the state of another network", async () => {
    const run = await begin("another");
    await saveEpoch(run, epoch(1, 0.5), 1);
    await run.close();
    const again = await RunDirectory.open(run.directory, noNotice);
    const other = new ReferenceExecutor();
    await other.write("w", hostArray([2]));
    await other.write("optimizer/velocity/w", hostArray([1], undefined, "i32"));
    await other.write("b", hostArray([1]));
    await assert.rejects(again.saved!.restore(other), {
      code: "ERR_CHECKPOINT",
      message:
        `${run.directory}/resume.safetensors: the state is of another training:\n` +
        "  wrong shape w [1], the model has [2]\n" +
        "  wrong dtype optimizer/velocity/w is f32, the model's is i32\n" +
        "  missing     b [1]",
    });
    assert.deepEqual([...(await other.read("w")).data], [0, 0], "nothing was written");
    await again.close();
  });

  test("refuses a directory that holds something, or cannot be made", async () => {
    const used = path.join(directory, "used");
    await writeFileAtomically(path.join(used, "mine.txt"), "");
    await assert.rejects(RunDirectory.create(used), {
      code: "ERR_RUN_DIRECTORY",
      message: `${used} is not empty (mine.txt): name another directory with --out`,
    });
    assert.deepEqual(await readdir(used), ["mine.txt"]);
    const file = path.join(directory, "file");
    await writeFile(file, "");
    await assert.rejects(RunDirectory.create(path.join(file, "run")), {
      code: "ERR_RUN_DIRECTORY",
      message: `${path.join(file, "run")} cannot be written (ENOTDIR: a part of the path is a file)`,
    });
    await assert.rejects(RunDirectory.open(used, noNotice), {
      code: "ERR_RUN_DIRECTORY",
      message: `there is no run in ${used} to resume: it has no config.json`,
    });
  });

  test("says of what cannot be read that it cannot be read", async (t) => {
    const strange = path.join(directory, "strange");
    await writeFileAtomically(path.join(strange, "config.json", "x"), "");
    await assert.rejects(RunDirectory.open(strange, noNotice), {
      code: "ERR_RUN_DIRECTORY",
      message: `${strange}/config.json cannot be read (EISDIR: it is a folder)`,
    });
    const run = await begin("unlisted");
    await saveEpoch(run, epoch(1, 0.5), 1);
    await run.close();
    t.mock.method(fs.promises, "readdir", () =>
      Promise.reject(Object.assign(new Error("no"), { code: "EACCES" })),
    );
    syncBuiltinESMExports();
    try {
      for (const take of [RunDirectory.create, RunDirectory.open] as const)
        await assert.rejects(take(run.directory, noNotice), {
          code: "ERR_RUN_DIRECTORY",
          message: `${run.directory} cannot be read (EACCES: permission denied)`,
        });
    } finally {
      t.mock.reset();
      syncBuiltinESMExports();
    }
  });

  test("leaves no directory behind in which no run began", async () => {
    const run = await RunDirectory.create(path.join(directory, "never", "begun"));
    await run.close();
    assert.deepEqual(await readdir(path.join(directory, "never")), []);
  });

  test("a full disk leaves what was saved before whole, and is named", async (t) => {
    const run = await begin("full");
    await saveEpoch(run, epoch(1, 0.5), 1);
    const before = await read(run, "resume.safetensors");
    // The real error, from the device that is always full.
    const full = await open("/dev/full", "w").catch(() => null);
    if (!full) return t.skip("there is no /dev/full");
    const prototype = Object.getPrototypeOf(full) as { writeFile: (data: Uint8Array) => unknown };
    const mock = t.mock.method(prototype, "writeFile", (data: Uint8Array) => full.write(data));
    await assert.rejects(saveEpoch(run, epoch(2, 0.6), 2), {
      code: "ERR_RUN_DIRECTORY",
      message: `${run.directory} cannot be written (ENOSPC: the disk is full); what was saved before is whole`,
    });
    mock.mock.restore();
    await full.close();
    await run.close();
    assert.deepEqual(await read(run, "resume.safetensors"), before);
    const names = await readdir(run.directory);
    assert.deepEqual(
      names.filter((name) => name.endsWith(".tmp")),
      [],
    );
  });

  const root = process.getuid?.() === 0 ? "root may write everywhere" : false;
  test("says so where it may not write", { skip: root }, async () => {
    const locked = path.join(directory, "locked");
    await writeFileAtomically(path.join(locked, "x"), "");
    await chmod(locked, 0o500);
    await assert.rejects(RunDirectory.create(path.join(locked, "run")), {
      code: "ERR_RUN_DIRECTORY",
      message: `${path.join(locked, "run")} cannot be written (EACCES: permission denied)`,
    });
    await chmod(locked, 0o700);
  });
});
