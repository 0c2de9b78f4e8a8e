// Which files a folder of photographs has, and every way in which it may be off.
import assert from "node:assert/strict";
import { chmodSync, closeSync, mkdirSync, openSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { countLabels } from "../../src/data/labels.js";
import { readImageFolder } from "../../src/node/data/images/image-folder.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

/** A temporary folder with these (empty) files; a path that ends in / is a folder. */
function folderOf(t: TestContext, files: readonly string[]): string {
  const root = scratchFolder(t);
  for (const file of files) {
    const target = path.join(root, file);
    mkdirSync(file.endsWith("/") ? target : path.dirname(target), { recursive: true });
    if (!file.endsWith("/")) writeFileSync(target, "");
  }
  return root;
}

const relative = (root: string, files: readonly string[]): string[] =>
  files.map((file) => path.relative(root, file).split(path.sep).join("/"));

const rejects = (root: string, code: string, message: RegExp): Promise<void> =>
  assert.rejects(readImageFolder(root), { name: "DataError", code, message });

describe("readImageFolder", () => {
  test("reads train, val and test, classes and files in order of their names", async (t) => {
    const root = folderOf(t, [
      "train/dogs/b.JPG",
      "train/dogs/a.png",
      "train/Zebras/1.webp",
      "train/cats/old/2.avif",
      "train/cats/1.tif",
      "valid/dogs/v.gif",
      "test/cats/t.tiff",
      "test/Zebras/t.jpeg",
    ]);
    const { train, valid, test: tested, ignored } = await readImageFolder(root);
    assert.deepEqual(train.classes, ["Zebras", "cats", "dogs"]);
    assert.deepEqual(relative(root, train.files), [
      "train/Zebras/1.webp",
      "train/cats/1.tif",
      "train/cats/old/2.avif",
      "train/dogs/a.png",
      "train/dogs/b.JPG",
    ]);
    assert.deepEqual([...train.labels], [0, 1, 1, 2, 2]);
    assert.deepEqual([...countLabels(train.labels, train.classes.length)], [1, 2, 2]);
    assert.deepEqual([...valid!.labels], [2]);
    assert.deepEqual([...tested!.labels], [0, 1]);
    assert.deepEqual(tested!.classes, train.classes);
    assert.equal(train.name, `${path.basename(root)} train`);
    assert.equal(ignored, 0);
  });

  test("reads a folder of classes alone", async (t) => {
    const root = folderOf(t, ["ants/1.jpg", "bees/1.jpg", "bees/2.jpg", "readme.txt"]);
    const { train, valid, test: tested } = await readImageFolder(root);
    assert.deepEqual([...train.labels], [0, 1, 1]);
    assert.deepEqual([valid, tested], [null, null]);
  });

  test("passes over hidden files and counts what is no image by its name", async (t) => {
    const root = folderOf(t, ["a/1.jpg", "a/._1.jpg", "a/.DS_Store", "a/Thumbs.db", ".git/x.jpg"]);
    const { train, ignored } = await readImageFolder(root);
    assert.deepEqual(relative(root, train.files), ["a/1.jpg"]);
    assert.deepEqual([train.classes, ignored], [["a"], 1]);
  });

  test("takes names of any script, in order of code points, and composes them", async (t) => {
    const decomposed = "cafe\u0301";
    const root = folderOf(t, [
      "train/\u{1f41c}/蟻.jpg", // above U+FFFF: first in UTF-16, last in code points
      "train/\uff5e/a.jpg",
      "train/café/été ☀.jpg",
      `val/${decomposed}/a.jpg`,
    ]);
    const { train, valid } = await readImageFolder(root);
    assert.deepEqual(train.classes, ["café", "\uff5e", "\u{1f41c}"]);
    assert.deepEqual([...valid!.labels], [0]);
  });

  test("follows symbolic links", async (t) => {
    const root = folderOf(t, ["real/1.jpg", "photos/ants/1.jpg"]);
    symlinkSync(path.join(root, "real"), path.join(root, "photos/bees"));
    symlinkSync(path.join(root, "real/1.jpg"), path.join(root, "photos/ants/2.jpg"));
    const { train } = await readImageFolder(path.join(root, "photos"));
    assert.deepEqual([...train.labels], [0, 0, 1]);
  });
});

describe("readImageFolder of many files", () => {
  test("has them all, each once", async (t) => {
    const root = folderOf(t, ["ants/", "bees/"]);
    for (const name of ["ants", "bees"]) {
      for (let i = 0; i < 10_000; i++) closeSync(openSync(path.join(root, name, `${i}.jpg`), "w"));
    }
    const { train } = await readImageFolder(root);
    assert.deepEqual([...countLabels(train.labels, train.classes.length)], [10_000, 10_000]);
    assert.equal(new Set(train.files).size, 20_000);
  });
});

describe("readImageFolder refuses", () => {
  test("a folder that is not there, or is a file", async (t) => {
    const root = folderOf(t, ["a/1.jpg"]);
    await rejects(path.join(root, "none"), "ERR_DATA_SOURCE", /none: there is no such folder/);
    await rejects(path.join(root, "a/1.jpg"), "ERR_DATA_SOURCE", /1\.jpg: it is a file/);
  });

  test("a folder without classes, and a class without images", async (t) => {
    await rejects(folderOf(t, ["1.jpg"]), "ERR_DATA_FOLDER", /it has no folders, but each class/);
    const root = folderOf(t, ["train/ants/1.jpg", "train/bees/notes.txt"]);
    await rejects(root, "ERR_DATA_FOLDER", /train.bees: the class has no images \(\.jpg, /);
    const inVal = folderOf(t, ["train/ants/1.jpg", "val/ants/"]);
    await rejects(inVal, "ERR_DATA_FOLDER", /val.ants: the class has no images/);
  });

  test("classes that differ only in case", async (t) => {
    const root = folderOf(t, ["Ants/1.jpg", "ants/1.jpg"]);
    await rejects(root, "ERR_DATA_FOLDER", /the classes Ants and ants differ only in case/);
    const between = folderOf(t, ["train/Ants/1.jpg", "val/ants/1.jpg"]);
    await rejects(between, "ERR_DATA_FOLDER", /val: train has no class ants \(but Ants\)/);
  });

  test("a part with a class of its own, and two folders for one part", async (t) => {
    const root = folderOf(t, ["train/ants/1.jpg", "test/wasps/1.jpg"]);
    await rejects(root, "ERR_DATA_FOLDER", /test: train has no class wasps: rename or remove it/);
    const both = folderOf(t, ["train/ants/1.jpg", "val/ants/1.jpg", "valid/ants/1.jpg"]);
    await rejects(
      both,
      "ERR_DATA_FOLDER",
      /it has both val and valid, two folders of validation images: keep one of them/,
    );
  });

  test("symbolic links that go round", async (t) => {
    const root = folderOf(t, ["ants/1.jpg", "ants/deep/2.jpg"]);
    symlinkSync(path.join(root, "ants"), path.join(root, "ants/deep/again"));
    await rejects(root, "ERR_DATA_FOLDER", /again: a symbolic link leads back to .*ants, in which/);
    const self = folderOf(t, ["ants/1.jpg"]);
    symlinkSync("self", path.join(self, "ants/self"));
    await rejects(self, "ERR_DATA_SOURCE", /self: a symbolic link leads back to itself/);
  });

  test("a folder that may not be read", async (t) => {
    const root = folderOf(t, ["ants/1.jpg", "bees/1.jpg"]);
    chmodSync(root, 0o755);
    chmodSync(path.join(root, "bees"), 0o000);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid!(65534); // the superuser reads everything; nobody does not
    try {
      await rejects(root, "ERR_DATA_SOURCE", /bees: it may not be read: change its permissions/);
    } finally {
      if (isRoot) process.seteuid!(0);
      chmodSync(path.join(root, "bees"), 0o755);
    }
  });
});
