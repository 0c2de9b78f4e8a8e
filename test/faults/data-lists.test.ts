// Lists of images: separators, parts, and what is refused rather than guessed.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { readCsvParts, readImageCsv } from "../../src/node/data/images/image-csv.js";
import { isOnDisk, readImagesOnDisk } from "../../src/node/data/images/images-on-disk.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

/** A list in a temporary folder. */
function listOf(t: TestContext, text: string, name = "list.csv"): string {
  const file = path.join(scratchFolder(t), name);
  writeFileSync(file, text);
  return file;
}

describe("a list of images", () => {
  for (const [name, separator] of [
    ["commas", ","],
    ["semicolons", ";"],
    ["tabs", "\t"],
  ] as const) {
    test(`may be separated by ${name}, with names of columns and without`, async (t) => {
      const rows = ["x.png\tcat", "y.png\tdog"].map((row) => row.replaceAll("\t", separator));
      for (const lines of [[`path${separator}label`, ...rows], rows]) {
        const { train } = await readImageCsv(listOf(t, lines.join("\n")));
        assert.deepEqual(
          train.files.map((file) => path.basename(file)),
          ["x.png", "y.png"],
        );
        assert.deepEqual(train.classes, ["cat", "dog"]);
      }
    });
  }

  test("keeps the commas of names between semicolons", async (t) => {
    const { train } = await readImageCsv(listOf(t, "old, brown.png;cat\nnew.png;dog, small\n"));
    assert.equal(path.basename(train.files[0]!), "old, brown.png");
    assert.deepEqual(train.classes, ["cat", "dog, small"]);
  });

  test("may end in .tsv", async (t) => {
    const { train } = await readImagesOnDisk(listOf(t, "x.png\tcat\ny.png\tdog\n", "list.TSV"));
    assert.deepEqual(train?.classes, ["cat", "dog"]);
  });

  test("is divided by its column split, whose names are the usual ones", async (t) => {
    const rows = ["label,split,path", "b,Training,1.png", "a,VAL,2.png", "b,testing,3.png"];
    const { train, valid, test: tested } = await readCsvParts(listOf(t, rows.join("\n")));
    const found = [train, valid, tested].map((part) => [
      part!.files.map((file) => path.basename(file)).join(),
      ...part!.labels,
    ]);
    assert.deepEqual(found, [
      ["1.png", 1],
      ["2.png", 0],
      ["3.png", 1],
    ]);
    assert.deepEqual(tested!.classes, ["a", "b"]);
  });

  const refuses = (what: string, text: string, message: RegExp): void =>
    void test(`is refused with ${what}`, (t) =>
      assert.rejects(readCsvParts(listOf(t, text)), { code: "ERR_DATA_FORMAT", message }));
  refuses(
    "classes that differ only in case",
    "1.png,Cat\n2.png,cat\n",
    /list\.csv: the classes Cat and cat differ only in case: rename one$/,
  );
  refuses(
    "two labels for one image",
    "1.png,cat\n2.png,dog\n./1.png,dog\n",
    /list\.csv: lines 1 and 3 list the same image, .*1\.png, as cat and dog: list each image once$/,
  );
  refuses(
    "one image twice, which could both train and validate",
    "1.png,cat\n2.png,dog\n1.png,cat\n",
    /lines 1 and 3 list the same image, .*1\.png: list each image once$/,
  );
  refuses(
    "a split that is none",
    "path,label,split\n1.png,cat,fold1\n",
    /line 2 has the split "fold1": it is train, val or test$/,
  );

  test("that does not exist is called a file", () => {
    assert.throws(() => isOnDisk("nowhere.csv"), { message: "nowhere.csv: there is no such file" });
  });
});
