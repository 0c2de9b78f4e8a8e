// Folders and lists in which some image files are missing, or no files, or unusual: named at the start, or left out.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import sharp, { type Sharp } from "sharp";
import { readFolder } from "../../src/node/data/loader/read-folder.js";
import { parseTransforms } from "../../src/data/transforms/transform-text.js";
import { writeImageFolder } from "../helpers/image-folder.js";
import { resnet } from "../helpers/resnet-command.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

const scratch = scratchFolder();

/** A model and images that take seconds. */
const small = [
  "--model=cifar-resnet20",
  "--epochs=1",
  "--batch=8",
  "--train-transforms=resize(20) randomCrop(16)",
  "--eval-transforms=resize(20) centerCrop(16)",
];

const black = (width: number, height: number): Sharp =>
  sharp({ create: { width, height, channels: 3, background: "black" } });

/** Puts an empty file, a link that leads nowhere and a FIFO among the images of a class. */
function spoil(folder: string): void {
  writeFileSync(path.join(folder, "x-empty.png"), "");
  symlinkSync("nowhere.png", path.join(folder, "x-link.png"));
  symlinkSync("x-loop.png", path.join(folder, "x-loop.png"));
  assert.equal(spawnSync("mkfifo", [path.join(folder, "x-pipe.png")]).status, 0);
}

describe("a training", () => {
  test("names all files that cannot be opened before it starts, and opens no FIFO", async (t) => {
    const root = await writeImageFolder(t);
    spoil(path.join(root, "train", "a"));
    spoil(path.join(root, "val", "b"));
    const { status, stderr } = resnet("train", "--data", root, ...small, "--out", `${root}-run`);
    assert.equal(status, 1);
    const findings = (folder: string): string =>
      `  ${root}/${folder}/x-empty.png: the file is empty\n` +
      `  ${root}/${folder}/x-link.png: it is a symbolic link that leads nowhere\n` +
      `  ${root}/${folder}/x-loop.png: a symbolic link leads back to itself\n` +
      `  ${root}/${folder}/x-pipe.png: it is a FIFO, not a file\n`;
    assert.equal(
      stderr,
      `error: 8 image files cannot be read:\n${findings("train/a")}${findings("val/b")}` +
        "repair or remove them, or leave them out with --on-unreadable skip\n",
    );
  });

  test("leaves them out where that is asked for, and so does an evaluation", async (t) => {
    const root = await writeImageFolder(t, { train: 5, val: 2, test: 2 });
    for (const folder of ["train/a", "val/b", "test/c"]) spoil(path.join(root, folder));
    await black(1, 200_000).png().toFile(path.join(root, "test/a/line.png"));
    const out = path.join(scratch, "skipping");
    const skip = ["--on-unreadable", "skip"];
    const trained = resnet("train", "--data", root, ...small, ...skip, "--out", out);
    assert.equal(trained.status, 0, trained.stderr);
    assert.match(trained.stderr, /^13 image files are left out:\n/);
    assert.match(trained.stderr, /\n {2}and 3 more\n/);
    assert.match(trained.stdout, /: 15 training images, 6 validation images/);
    for (const [split, samples] of Object.entries({ train: 15, valid: 6, test: 6 })) {
      const words = ["--split", split, ...skip, "--json"];
      const evaluated = resnet("eval", path.join(out, "last.safetensors"), ...words);
      assert.equal(evaluated.status, 0, evaluated.stderr);
      assert.equal((JSON.parse(evaluated.stdout) as { samples: number }).samples, samples);
    }
  });

  test("and a prediction tell of 12-bit values in a 16-bit file", async (t) => {
    const root = await writeImageFolder(t);
    await deepGrey(4095).png().toFile(path.join(root, "train/a/deep.png"));
    const out = path.join(scratch, "deep");
    const trained = resnet("train", "--data", root, ...small, "--out", out);
    assert.match(trained.stderr, /^images of 16 bits a sample use 12 of them/);
    const words = [path.join(out, "last.safetensors"), path.join(root, "train/a/deep.png")];
    const predicted = resnet("predict", ...words);
    assert.equal(predicted.status, 0, predicted.stderr);
    assert.match(predicted.stderr, /^images of 16 bits a sample use 12 of them/);
  });

  test("takes a picture of 5 x 1200 pixels", async (t) => {
    const root = await writeImageFolder(t);
    await black(5, 1200).png().toFile(path.join(root, "val/a/thin.png"));
    const eval224 = "--eval-transforms=resize(256) centerCrop(16)";
    const words = ["--data", root, ...small.slice(0, 4), eval224, "--out", `${root}-run`];
    const { status, stderr } = resnet("train", ...words);
    assert.equal(status, 0, stderr);
  });
});

describe("a CSV file", () => {
  test("with paths that lead nowhere is refused with each of them", async (t) => {
    const root = await writeImageFolder(t);
    const file = path.join(root, "list.csv");
    writeFileSync(file, "train/a/0.png,a\ntrain/a/gone.png,a\ntrain\\b\\0.png,b\n");
    await assert.rejects(readFolder(file), {
      code: "ERR_DATA_SOURCE",
      message:
        "2 image files cannot be read:\n" +
        `  ${root}/train/a/gone.png: there is no such file\n` +
        `  ${root}/train\\b\\0.png: there is no such file, but there is one if its path is written with / instead of \\\n` +
        "repair or remove them, or leave them out with --on-unreadable skip",
    });
  });

  test("gives its other images where that is asked for", async (t) => {
    const root = await writeImageFolder(t);
    const file = path.join(root, "list.csv");
    writeFileSync(file, "train/a/0.png,a\ntrain/a/gone.png,a\ntrain/b/0.png,b\n");
    const notices: string[] = [];
    const onNotice = (notice: string): number => notices.push(notice);
    const transforms = parseTransforms("resize(16)");
    const { train } = await readFolder(file, { onUnreadable: "skip", transforms, onNotice });
    assert.equal(train!.files.length, 2);
    assert.deepEqual(notices, [
      `1 image file is left out:\n  ${root}/train/a/gone.png: there is no such file`,
    ]);
  });
});

describe("values of 12 bits in 16-bit files", () => {
  for (const ending of ["png", "tiff"] as const) {
    test(`cause a notice (${ending})`, async (t) => {
      assert.deepEqual(await noticesOf(t, ending, 4095), [
        "images of 16 bits a sample use 12 of them: the largest value in 2 of these files is 4095, and 65535 would be " +
          "white. The high byte is kept, so 16 of 256 levels remain; multiply the values by 16 in the files to keep them all",
      ]);
    });
  }

  test("but values of all 16 bits do not", async (t) => {
    assert.deepEqual(await noticesOf(t, "png", 65_535), []);
  });
});

/** 8 x 8 grey samples of 16 bits, from 0 to `largest`. */
function deepGrey(largest: number): Sharp {
  const samples = Uint16Array.from({ length: 64 }, (_, i) => Math.round((largest * i) / 63));
  const raw = { width: 8, height: 8, channels: 1 } as const;
  return sharp(samples, { raw }).toColourspace("grey16");
}

/** Notices of reading two grey pictures of 16 bits, with values from 0 to `largest`, among coloured ones. */
async function noticesOf(
  t: Parameters<typeof scratchFolder>[0],
  ending: "png" | "tiff",
  largest: number,
) {
  const root = scratchFolder(t);
  for (const name of ["a", "b"]) {
    mkdirSync(path.join(root, name));
    await deepGrey(largest)
      .tiff({ compression: "deflate" })
      .toFormat(ending)
      .toFile(path.join(root, name, `deep.${ending}`));
    await black(8, 8)
      .jpeg()
      .toFile(path.join(root, name, "plain.jpg"));
  }
  const notices: string[] = [];
  await readFolder(root, { onNotice: (notice) => notices.push(notice) });
  return notices;
}

describe("data info", () => {
  test("names the files that cannot be opened, and counts the images all the same", async (t) => {
    const root = await writeImageFolder(t, { train: 2, val: 1 });
    spoil(path.join(root, "train", "a"));
    const { status, stdout, stderr } = resnet("data", "info", root);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /^4 image files cannot be read:\n/);
    assert.match(stdout, /^a +6 +1$/m);
  });
});
