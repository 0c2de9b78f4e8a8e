// Data that meets a checkpoint: classes by name, and the images that the run was trained on.
import assert from "node:assert/strict";
import { cpSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import sharp from "sharp";
import { matchClasses } from "../../src/data/match-classes.js";
import { fingerprintOf } from "../../src/node/data/fingerprint.js";
import { loadParts } from "../../src/node/data/load-parts.js";
import { writeImageFolder } from "../helpers/image-folder.js";
import { resnet, type Ended } from "../helpers/resnet-command.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

const scratch = scratchFolder();
const all = { trainSize: null, validSize: null, testSize: null, seed: 1 };

const train = (data: string, out: string, ...others: readonly string[]): Ended =>
  resnet(
    "train",
    "--data",
    data,
    "--model=cifar-resnet20",
    "--epochs=1",
    "--batch=8",
    "--schedule=constant",
    "--train-transforms=resize(16) centerCrop(16)",
    "--eval-transforms=resize(16) centerCrop(16)",
    "--executor=reference",
    "--seed=1",
    "--out",
    out,
    ...others,
  );

describe("a run whose folder changed", () => {
  const undivided = path.join(scratch, "data");
  const run = path.join(scratch, "run");
  const checkpoint = path.join(run, "last.safetensors");

  const removals: (() => void)[] = [];
  after(() => removals.forEach((remove) => remove()));
  before(async () => {
    const t = { after: (remove: unknown) => void removals.push(remove as () => void) };
    const root = path.join(await writeImageFolder(t, { all: 5 }), "all");
    cpSync(root, undivided, { recursive: true });
    const { status, stderr } = train(undivided, run);
    assert.equal(status, 0, stderr);
  });

  /** Changes the folder for a moment. */
  function changed(change: (folder: string) => void, check: () => void): void {
    const kept = `${undivided}-kept`;
    cpSync(undivided, kept, { recursive: true });
    try {
      change(undivided);
      check();
    } finally {
      renameSync(undivided, `${undivided}-${performance.now()}`);
      renameSync(kept, undivided);
    }
  }

  const evaluate = (...words: readonly string[]): Ended =>
    resnet("eval", checkpoint, "--executor=reference", ...words);

  test("is evaluated, and resumed, where nothing changed but the folder's place", (t) => {
    assert.equal(evaluate("--split", "valid").status, 0);
    const moved = path.join(scratchFolder(t), "elsewhere");
    cpSync(undivided, moved, { recursive: true });
    const { status, stderr } = evaluate("--split", "valid", "--data", moved);
    assert.equal(status, 0, stderr);
  });

  const changes: Readonly<Record<string, (folder: string) => void>> = {
    "a file was renamed": (folder) =>
      renameSync(path.join(folder, "a/0.png"), path.join(folder, "a/9.png")),
    "a file was moved to another class": (folder) => {
      renameSync(path.join(folder, "a/0.png"), path.join(folder, "b/9.png"));
      renameSync(path.join(folder, "b/0.png"), path.join(folder, "a/0.png"));
    },
    "two files were swapped": (folder) => {
      const [one, two] = ["0.png", "1.png"].map((name) => path.join(folder, "a", name));
      renameSync(one!, `${one}.tmp`);
      renameSync(two!, one!);
      renameSync(`${one}.tmp`, two!);
    },
    "every file was replaced": (folder) => {
      for (const label of ["a", "b", "c"]) {
        for (let i = 0; i < 5; i++) {
          const file = path.join(folder, label, `${i}.png`);
          writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from("more")]));
        }
      }
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    test(`is neither resumed nor evaluated on its own images after ${what}`, () => {
      changed(change, () => {
        const resumed = resnet("train", "--resume", run, "--epochs=2", "--executor=reference");
        assert.match(
          resumed.stderr,
          /^error: the (training|validation) images are not those of the run in /,
        );
        assert.equal(resumed.status, 1);
        const parts = ["train", "valid", "test"].map((split) => evaluate("--split", split));
        // A change of two files may leave one of the parts as it was.
        assert.ok(
          parts.some(({ stderr }) => /images are not those of .*last\.safetensors/.test(stderr)),
          parts.map(({ stderr }) => stderr).join(""),
        );
        assert.ok(parts.every(({ status }, i) => status === 1 || parts[i]!.stderr === ""));
      });
    });
  }

  test("is not evaluated after a class was renamed", () => {
    changed(
      (folder) => renameSync(path.join(folder, "a"), path.join(folder, "z")),
      () => {
        for (const split of ["train", "valid", "test"]) {
          const { status, stderr, stdout } = evaluate("--split", split);
          assert.deepEqual([status, stdout], [1, ""]);
          assert.match(stderr, /^error: the \w+ images are not those of|has the class z, but/);
        }
        const resumed = resnet("train", "--resume", run, "--epochs=2", "--executor=reference");
        assert.match(
          resumed.stderr,
          /has classes \["a","b","c"\], but now it would be \["b","c","z"\]/,
        );
      },
    );
  });
});

test("test images of a run's folder that has them apart are found by the names of their classes", async (t) => {
  const root = await writeImageFolder(t, { train: 3, val: 2, test: 2 });
  const run = path.join(scratch, "apart");
  assert.equal(train(root, run).status, 0);
  for (const part of ["train", "val", "test"])
    renameSync(path.join(root, part, "a"), path.join(root, part, "z"));
  const { status, stderr } = resnet("eval", path.join(run, "last.safetensors"));
  const file = path.join(run, "last.safetensors");
  assert.equal(
    stderr,
    `error: ${path.basename(root)} test has the class z, but ${file} tells apart a, b, c: rename z, or choose other data\n`,
  );
  assert.equal(status, 1);
});

describe("classes of images", () => {
  const images = {
    name: "photos",
    files: ["x", "y", "z"],
    labels: Int32Array.of(0, 1, 1),
    classes: ["ant", "bee"],
  };

  test("take the numbers that the checkpoint gives to their names", () => {
    const found = matchClasses(images, { file: "m", classes: ["cat", "bee", "ant"] });
    assert.deepEqual([...(found as typeof images).labels], [2, 1, 1]);
    assert.deepEqual(found.classes, ["cat", "bee", "ant"]);
  });

  test("are refused under names that the checkpoint does not have, though they are as many", () => {
    assert.throws(() => matchClasses(images, { file: "m", classes: ["ant", "wasp"] }), {
      code: "ERR_DATA_LABEL",
      message:
        "photos has the class bee, but m tells apart ant, wasp: rename bee, or choose other data",
    });
    assert.throws(
      () => matchClasses(images, { file: "m", classes: ["0", "1"] }),
      /the classes ant, bee/,
    );
  });

  test("are taken in order where weights were imported without names", () => {
    const unnamed = { file: "m", classes: ["0", "1"], areNamed: false };
    assert.equal(matchClasses(images, unnamed), images);
    assert.throws(() => matchClasses(images, { ...unnamed, classes: ["0", "1", "2"] }), {
      message: "photos has 2 classes, but m tells 3 apart: choose other data",
    });
  });

  test("are found in ImageNet's by their WordNet identifiers", () => {
    const folder = { ...images, classes: ["n01440764", "n15075141"] }; // tench, toilet tissue: the first and last
    const classes = ["toilet tissue", "tench"];
    const found = matchClasses(folder, { file: "m", classes });
    assert.deepEqual([...(found as typeof images).labels], [1, 0, 0]);
    const byName = matchClasses({ ...images, classes }, { file: "m", classes: folder.classes });
    assert.deepEqual([...(byName as typeof images).labels], [1, 0, 0]);
  });
});

test("a fingerprint is of the parts that a seed draws", async (t) => {
  const root = path.join(await writeImageFolder(t, { all: 5 }), "all");
  const of = async (seed: number) => fingerprintOf(await loadParts(root, { ...all, seed }), root);
  const first = await of(1);
  assert.deepEqual(await of(1), first);
  assert.notEqual((await of(2)).valid, first.valid);
  assert.notEqual(first.train, first.valid);
  assert.equal(first.test, first.valid);
});

test("a training of one class is refused, and one of a class without training images warns", async (t) => {
  const root = await writeImageFolder(t, { all: 5 });
  const one = train(root, path.join(scratch, "one-class"));
  assert.equal(
    one.stderr,
    `error: ${path.basename(root)}: all images are of one class, all, so there is nothing to tell apart: give images ` +
      "of two classes at least, in a folder the folders of which are the classes\n",
  );
  assert.notEqual(one.status, 0);
  const csv = path.join(root, "list.csv");
  const pixel = { create: { width: 16, height: 16, channels: 3, background: "red" } } as const;
  await sharp(pixel).png().toFile(path.join(root, "1.png"));
  const rows = ["a", "b", "c"].flatMap((label) =>
    [0, 1, 2].map((i) => `all/${label}/${i}.png,${label},${label === "c" ? "val" : "train"}`),
  );
  writeFileSync(csv, ["path,label,split", ...rows].join("\n"));
  const { status, stderr } = train(csv, path.join(scratch, "empty-class"));
  assert.equal(status, 0, stderr);
  assert.equal(stderr, "1 of 3 classes has no training images, and will not be learnt: c\n");
});

test("train reports the files that it leaves out, as data info does", async (t) => {
  const root = await writeImageFolder(t, { train: 3, val: 1 });
  writeFileSync(path.join(root, "train/a/notes.txt"), "");
  writeFileSync(path.join(root, "train/loose.png"), "");
  const notice =
    "2 other files are left out: outside of the classes' folders, or without an image's extension";
  const { stderr } = train(root, path.join(scratch, "ignoring"));
  assert.equal(stderr, `${notice}\n`);
  assert.ok(resnet("data", "info", root).stdout.endsWith(`\n${notice}\n`));
});
