// resnet data info, train and eval on folders of images, as their users meet them.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import "../../src/node/native/register.js";
import { loadParts } from "../../src/node/data/load-parts.js";
import { writeSafetensors } from "../../src/interop/write-safetensors.js";
import { createModel } from "../../src/models/catalog.js";
import { readCheckpoint } from "../../src/node/runs/checkpoint-file.js";
import { parseConfig } from "../../src/train/config/config.js";
import { initialState } from "../../src/checkpoint/model-state.js";
import { train } from "../../src/node/train/train.js";
import { packageRoot } from "../helpers/fixtures.js";
import { writeTestCheckpoint } from "../helpers/checkpoint.js";
import { writeImageFolder } from "../helpers/image-folder.js";
import { scratchFolder } from "../helpers/scratch-folder.js";
import { resnet } from "../helpers/resnet-command.js";

const scratch = scratchFolder();

/** A model and images that take seconds. */
const small = [
  "--model=cifar-resnet20",
  "--epochs=1",
  "--batch=8",
  "--train-transforms=resize(20) randomCrop(16) randomHorizontalFlip",
  "--eval-transforms=resize(20) centerCrop(16)",
];

interface Evaluated {
  readonly accuracy: number;
  readonly samples: number;
}

describe("a folder of images", () => {
  test("is counted by data info", async (t) => {
    const root = await writeImageFolder(t, { train: 3, val: 2 });
    const { status, stdout } = resnet("data", "info", root);
    assert.equal(status, 0);
    assert.equal(
      stdout,
      "class  training  validation\n" +
        "a             3           2\n" +
        "b             3           2\n" +
        "c             3           2\n" +
        "all           9           6\n",
    );
    const { stdout: json } = resnet("data", "info", root, "--json");
    assert.deepEqual(JSON.parse(json), {
      folder: root,
      classes: ["a", "b", "c"],
      train: [3, 3, 3],
      valid: [2, 2, 2],
      ignored: 0,
    });
  });

  test("is trained on by the library as by the command", async (t) => {
    const root = await writeImageFolder(t, { train: 5, val: 2 });
    const out = path.join(scratch, "by-command");
    const words = ["--data", root, ...small, "--normalize-from-data", "--out", out];
    assert.equal(resnet("train", ...words).status, 0);
    const config = parseConfig(JSON.parse(readFileSync(path.join(out, "config.json"), "utf8")));
    const { weights, test: tested } = await train(config, await loadParts(config.data, config));
    const { state } = await readCheckpoint(path.join(out, "last.safetensors"));
    assert.deepEqual(weights.get("conv1.weight"), state.get("conv1.weight"));
    const report = JSON.parse(readFileSync(path.join(out, "report.json"), "utf8")) as Evaluated;
    assert.equal(tested!.accuracy, report.accuracy);
    assert.equal(config.normalizeFromData, false); // settled, so that the numbers are known
    const asked = {
      ...config,
      normalize: { mean: [0, 0, 0], std: [1, 1, 1] },
      normalizeFromData: true,
    };
    const again = await train(asked, await loadParts(config.data, config));
    assert.deepEqual(again.weights.get("conv1.weight"), weights.get("conv1.weight"));
  });

  test("is searched for a learning rate from the weights that a training starts from", async (t) => {
    const root = await writeImageFolder(t, { train: 5, val: 2 });
    const chart = path.join(scratch, "lr-find.png");
    const words = ["--data", root, ...small.filter((word) => !word.startsWith("--epochs"))];
    const firstLoss = (...others: string[]): number => {
      const flags = [...others, "--steps=2", "--json", "--chart", chart];
      const { status, stdout, stderr } = resnet("lr-find", ...words, ...flags);
      assert.equal(status, 0, stderr);
      return (JSON.parse(stdout) as { trials: { loss: number }[] }).trials[0]!.loss;
    };
    const own = firstLoss();
    assert.notEqual(firstLoss("--set", "initializer=xavier-uniform"), own);
    const fromData = firstLoss("--normalize-from-data");
    assert.notEqual(fromData, own);
    assert.equal(firstLoss("--set", "normalizeFromData=true"), fromData);
    const model = createModel("cifar-resnet20", { classes: 3, channels: 3 });
    const file = path.join(scratch, "weights.safetensors");
    writeFileSync(file, await writeSafetensors(initialState(model, 5), {}));
    assert.notEqual(firstLoss("--init", file), own);
    const { file: named } = await writeTestCheckpoint(t);
    const started = resnet("lr-find", ...words, "--init", named, "--steps=2", "--chart", chart);
    const notices = [
      `starting from ${named}; linear.weight and linear.bias start anew, for the 3 classes of ${root}\n`,
      `${named} tells apart ant, bee, cat, and the images are of a, b, c: its head is not taken\n`,
    ];
    for (const notice of notices) assert.ok(started.stderr.includes(notice), started.stderr);
    assert.equal(readFileSync(chart).toString("latin1", 1, 4), "PNG");
    const { status, stderr } = resnet("lr-find", ...words, "--chart", "lr-find.pdf");
    assert.equal(status, 2);
    assert.match(stderr, /lr-find\.pdf: pictures are written as SVG or PNG/);
  });

  test("is trained on, its classes counted, and evaluated again", async (t) => {
    const root = await writeImageFolder(t, { train: 5, val: 2 });
    const out = path.join(scratch, "divided");
    const cache = path.join(scratch, "cache");
    const trained = resnet("train", "--data", root, ...small, "--out", out, "--cache", cache);
    assert.equal(trained.status, 0, trained.stderr);
    assert.match(
      trained.stdout,
      /: 15 training images, 6 validation images, which also test; .*\n3 classes, 5 training and 2 validation images of each\n/,
    );
    const checkpoint = path.join(out, "last.safetensors");
    const report = JSON.parse(readFileSync(path.join(out, "report.json"), "utf8")) as Evaluated;
    const again = resnet("eval", checkpoint, "--json", "--workers", "3");
    assert.equal(again.status, 0, again.stderr);
    const { accuracy, samples } = JSON.parse(again.stdout) as Evaluated;
    assert.deepEqual([accuracy, samples], [report.accuracy, 6]);
    const kept = readdirSync(cache, { recursive: true, withFileTypes: true });
    assert.equal(kept.filter((entry) => entry.isFile()).length, 15 + 6);

    const other = resnet("eval", checkpoint, "--json", "--data", path.join(root, "train"));
    assert.equal((JSON.parse(other.stdout) as Evaluated).samples, 15, other.stderr);
  });

  test("is tested in the views that were asked for, and eval shows the same unless told otherwise", async (t) => {
    const root = await writeImageFolder(t, { train: 5, val: 2 });
    const out = path.join(scratch, "views");
    const asking = ["--set", 'testViews={"mirror":true,"shift":2}'];
    const trained = resnet("train", "--data", root, ...small, ...asking, "--out", out, "--json");
    assert.equal(trained.status, 0, trained.stderr);
    const { test: tested, epochs } = JSON.parse(trained.stdout) as {
      test: { loss: number; views: number };
      epochs: { validLoss: number }[];
    };
    assert.equal(tested.views, 10);
    assert.match(readFileSync(path.join(out, "report.txt"), "utf8"), /, 10 views of each image\n/);
    const checkpoint = path.join(out, "last.safetensors");
    const evaluated = (...flags: string[]): { loss: number; views: number } => {
      const { stdout, stderr } = resnet("eval", checkpoint, ...flags, "--json");
      assert.equal(stderr, "");
      return JSON.parse(stdout) as { loss: number; views: number };
    };
    const plain = epochs.at(-1)!.validLoss;
    const asTrained = evaluated();
    const withoutBoth = evaluated("--no-mirror", "--shift", "0");
    const mirrored = evaluated("--shift", "0");
    const asked = evaluated("--mirror", "--split", "valid");
    const views = [asTrained, withoutBoth, mirrored, asked].map((each) => each.views);
    assert.deepEqual(views, [10, 1, 2, 2]);
    // The same images in batches of other sizes, whose sums round otherwise.
    assert.ok(Math.abs(asTrained.loss - tested.loss) < 1e-6, `${asTrained.loss} ${tested.loss}`);
    assert.ok(Math.abs(withoutBoth.loss - plain) < 1e-5, `${withoutBoth.loss} ${plain}`);
    assert.ok(Math.abs(asked.loss - mirrored.loss) < 1e-6, `${asked.loss} ${mirrored.loss}`);
    const losses = [asTrained, withoutBoth, mirrored].map(({ loss }) => loss.toFixed(6));
    assert.equal(new Set(losses).size, 3);
    const { status, stderr } = resnet("eval", checkpoint, "--shift", "20000");
    assert.deepEqual(
      [status, stderr],
      [
        2,
        "error: a shift of 20000 pixels moves images of 16 x 16 out of sight: take a smaller one\n",
      ],
    );
  });

  test("without parts is divided with the seed, and a damaged file ends the training or is left out", async (t) => {
    const root = path.join(await writeImageFolder(t, { all: 5 }), "all");
    const out = path.join(scratch, "undivided");
    const { stdout } = resnet("train", "--data", root, ...small, "--out", out, "--json");
    assert.equal((JSON.parse(stdout) as { epochs: unknown[] }).epochs.length, 1);
    const file = path.join(root, "b/1.png");
    writeFileSync(file, readFileSync(file).subarray(0, 90));
    const { status, stderr } = resnet("train", "--data", root, ...small, "--out", `${out}-2`);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /error: .*b.1\.png: it is damaged or truncated \(.*\); repair or remove it\n$/,
    );

    const skipping = ["--on-unreadable", "skip", "--out", `${out}-3`];
    const skipped = resnet("train", "--data", root, ...small, ...skipping);
    assert.equal(skipped.status, 0, skipped.stderr);
    assert.match(skipped.stderr, /^1 image file is left out:\n {2}.*b.1\.png: it is damaged/);
    assert.match(skipped.stdout, /: 11 training images, 3 validation images, which also test/);
  });

  test("may validate by its test images, or by those of val/, but not by none", async (t) => {
    const root = await writeImageFolder(t, { train: 5, val: 2, test: 3 });
    const train = (parts: string, name: string) =>
      resnet(
        "train",
        "--data",
        parts,
        ...small,
        "--limit-valid=0",
        "--out",
        path.join(scratch, name),
      );
    assert.match(
      train(root, "by-test").stdout,
      /: 15 training images, 9 test images, which also validate/,
    );
    rmSync(path.join(root, "test"), { recursive: true });
    assert.match(
      train(root, "by-val").stdout,
      /: 15 training images, 6 test images, which also validate/,
    );
    const { status, stderr } = train(path.join(root, "train"), "by-none");
    assert.equal(status, 2);
    assert.equal(
      stderr,
      "error: no validation images are to be held out of the training images (validSize is 0), and the folder has " +
        "neither test/ nor val/ to validate by: add one of them, or choose another number\n",
    );
  });

  test("whose training diverges is told the step, and where the last good weights are", async (t) => {
    const root = await writeImageFolder(t);
    const out = path.join(scratch, "diverged");
    const words = [
      ...small,
      "--epochs=3",
      "--batch=15",
      "--lr=1e30",
      "--set",
      'schedule={"kind":"one-cycle","rise":0.4,"startDivisor":1e33}',
      "--set=keepEpochs=true",
    ];
    const { status, stderr } = resnet("train", "--data", root, ...words, "--out", out);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^error: the validation loss became NaN after epoch 2, at a learning rate of [\d.e+]+: try a lower/,
    );
    const weights = path.join(out, "last.safetensors");
    assert.ok(stderr.endsWith(`; the last good weights are in ${weights}, of epoch 1\n`), stderr);
    assert.deepEqual(readFileSync(weights), readFileSync(path.join(out, "epoch-001.safetensors")));
    assert.equal(resnet("eval", weights).status, 0);
  });

  test("that does not exist, and one that is not named, are errors", () => {
    const { stderr } = resnet("train", "--data", "no-such-folder");
    assert.match(
      stderr,
      /^error: no data set is named 'no-such-folder', and there is no such file or folder; /,
    );
    assert.equal(
      resnet("train", "image-folder").stderr,
      "error: no data was given: give a folder of images with --data\n",
    );
  });
});

const photographs = path.join(packageRoot, "../shared/data/hymenoptera");

describe("photographs", { skip: !existsSync(photographs) && "../shared/data is not here" }, () => {
  test("of ants and bees are trained on", () => {
    const limits = ["--limit-train", "16", "--limit-valid", "8", "--workers", "2"];
    const out = path.join(scratch, "photographs");
    const { status, stdout, stderr } = resnet(
      "train",
      "--data",
      photographs,
      ...small,
      ...limits,
      "--out",
      out,
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout, /16 training images, 8 validation images, which also test;/);
    assert.match(stdout, /\nepoch 1\/1 /);
  });
});
