// How folders of images are understood: the usual names of parts, and what is refused rather than guessed.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { folderParts } from "../../src/data/folder-parts.js";
import { type ImageParts, splitNamed } from "../../src/data/image-parts.js";
import { readImageFolder, readImageParts } from "../../src/node/data/images/image-folder.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

/** A temporary folder with these (empty) files. */
function folderOf(t: TestContext, ...files: readonly string[]): string {
  const root = scratchFolder(t);
  for (const file of files) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), "");
  }
  return root;
}

/** The files of each part, below the root. */
const partsIn = (root: string, parts: ImageParts): Record<string, readonly string[] | undefined> =>
  Object.fromEntries(
    (["train", "valid", "test"] as const).map((split) => [
      split,
      parts[split]?.files.map((file) => path.relative(root, file)),
    ]),
  );

const refuses = async (root: string, message: string): Promise<void> =>
  assert.rejects(readImageParts(root), { code: "ERR_DATA_FOLDER", message: `${root}${message}` });

describe("a folder's parts", () => {
  for (const [train, valid, tested] of [
    ["Training", "Validation", "Testing"],
    ["TRAIN", "Val", "Test"],
    ["training_set", "validation-set", "test_set"],
    ["train", "dev", "eval"],
  ] as const) {
    test(`${train}, ${valid} and ${tested} are parts and not classes`, async (t) => {
      const files = [train, valid, tested].flatMap((part) => [
        `${part}/a/1.png`,
        `${part}/b/2.png`,
      ]);
      const root = folderOf(t, ...files);
      const parts = await readImageFolder(root);
      assert.deepEqual(parts.train.classes, ["a", "b"]);
      assert.deepEqual(partsIn(root, parts), {
        train: files.slice(0, 2),
        valid: files.slice(2, 4),
        test: files.slice(4),
      });
    });
  }

  test("without training images can be evaluated, and the training says what is missing", async (t) => {
    const root = folderOf(t, "val/a/1.png", "val/b/2.png");
    const parts = await readImageParts(root);
    assert.deepEqual(partsIn(root, parts), {
      train: undefined,
      valid: ["val/a/1.png", "val/b/2.png"],
      test: undefined,
    });
    const sizes = { trainSize: null, validSize: null, testSize: null, seed: 0 };
    const message = `there are no training images, but only ${path.basename(root)} val: add some to the part train`;
    assert.throws(() => folderParts(parts, sizes), { code: "ERR_DATA_FOLDER", message });
    await assert.rejects(readImageFolder(root), { code: "ERR_DATA_FOLDER", message });
  });

  test("of one kind may not have two folders", async (t) => {
    await refuses(
      folderOf(t, "train/a/1.png", "Training/b/2.png"),
      ": it has both Training and train, two folders of training images: keep one of them",
    );
  });

  test("have no folder of images beside them that is neither a part nor a class", async (t) => {
    await refuses(
      folderOf(t, "Training/a/1.png", "Training/b/1.png", "holdout/a/2.png", "notes/readme.txt"),
      ": beside Training (training images) there are images in holdout, which may be a part or a class: " +
        "name each part train, val or test, each with a folder per class, and move other folders away",
    );
    const withNotes = folderOf(t, "Training/a/1.png", "Training/b/1.png", "notes/readme.txt");
    assert.deepEqual((await readImageParts(withNotes)).train?.classes, ["a", "b"]);
  });

  test("are not taken together for one class, above or below it", async (t) => {
    const archive = folderOf(t, "archive/train/a/1.png", "archive/Test/a/2.png");
    await refuses(
      archive,
      "/archive: it would be a class, but it holds Test and train: give this folder as the data, or put the " +
        "parts above the classes, as in train/CLASS and test/CLASS",
    );
    const inside = folderOf(t, "cats/train/1.png", "cats/test/2.png", "dogs/train/3.png");
    await assert.rejects(
      readImageParts(inside),
      /cats: it would be a class, but it holds test and train/,
    );
  });

  test("that have images but no classes are refused, not taken for classes", async (t) => {
    await assert.rejects(
      readImageParts(folderOf(t, "train/1.png", "test/2.png")),
      /train: it has no folders, but each class of images needs one of its own/,
    );
  });

  test("may be missing where train is a class like its neighbours", async (t) => {
    const root = folderOf(t, "bus/1.png", "car/2.png", "train/3.png");
    assert.deepEqual((await readImageParts(root)).train?.classes, ["bus", "car", "train"]);
  });

  test("count the files that lie in no class's folder", async (t) => {
    const root = folderOf(t, "train/a/1.png", "train/b/1.png", "train/loose.png", "top.png");
    assert.equal((await readImageParts(root)).ignored, 2);
  });
});

test("a class's name is not a part's for beginning like one", () => {
  for (const name of ["trains", "trainer", "tested", "value", "evaluate", "set", "valet"])
    assert.equal(splitNamed(name), null, name);
});
