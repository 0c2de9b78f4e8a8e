import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { readImageCsv } from "../../src/node/data/images/image-csv.js";

async function write(t: TestContext, contents: string | Uint8Array): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), "resnet-ts-csv-"));
  t.after(() => rm(root, { recursive: true }));
  const file = path.join(root, "pets.csv");
  await writeFile(file, contents);
  return file;
}

describe("readImageCsv", () => {
  test("reads paths beside the file, quotes, Unicode, and sorts the classes", async (t) => {
    const file = await write(
      t,
      '\ufeffpath,label\r\ndogs/1.jpg,dog\r\n"cats/the old one, sleeping.png",cat\r\n\r\n/far/kätzchen.webp,cat\r\n',
    );
    const { train, valid, test: tested } = await readImageCsv(file);
    const { name, files, labels, classes } = train;
    assert.deepEqual([valid, tested], [null, null]);
    const root = path.dirname(file);
    assert.equal(name, "pets.csv");
    assert.deepEqual(files, [
      path.join(root, "dogs/1.jpg"),
      path.join(root, "cats/the old one, sleeping.png"),
      "/far/kätzchen.webp",
    ]);
    assert.deepEqual([...labels], [1, 0, 0]);
    assert.deepEqual(classes, ["cat", "dog"]);
  });

  test("finds the columns by their names, or takes the first two", async (t) => {
    const { train: named } = await readImageCsv(
      await write(t, "id,Label,Path\n1,b,x.png\n2,a,y.png\n"),
    );
    assert.deepEqual([...named.labels, ...named.classes], [1, 0, "a", "b"]);
    assert.equal(path.basename(named.files[0]!), "x.png");
    const { train: unnamed } = await readImageCsv(await write(t, "x.png,b\ny.png,a\n"));
    assert.equal(unnamed.files.length, 2);
  });

  test("sorts classes that are numbers by value", async (t) => {
    const { train } = await readImageCsv(await write(t, "a.png,10\nb.png,9\nc.png,10\n"));
    const { classes, labels } = train;
    assert.deepEqual(classes, ["9", "10"]);
    assert.deepEqual([...labels], [1, 0, 1]);
  });

  test("takes one class for both ways to write an accent", async (t) => {
    const { train } = await readImageCsv(
      await write(t, "a.png,\u00e9t\u00e9\nb.png,e\u0301te\u0301\n"),
    );
    assert.deepEqual(train.classes, ["\u00e9t\u00e9"]);
  });

  const refuses = (what: string, contents: string | Uint8Array, message: string): void =>
    void test(`refuses ${what}`, async (t) => {
      const file = await write(t, contents);
      await assert.rejects(readImageCsv(file), {
        name: "DataError",
        code: "ERR_DATA_FORMAT",
        message: `${file}: ${message}`,
      });
    });
  refuses("an empty file", "", "the file has no rows");
  refuses("names of columns alone", "path,label\n", "the file lists no images");
  refuses(
    "columns of other names",
    "file,class\na.png,x\n",
    'line 1 begins with "file", which is not an image: name the columns path and label in the first line',
  );
  refuses(
    "a row without a label",
    "path,label\na.png,x\n\nb.png\n",
    "line 4 has no label: each line is a path, a comma (or semicolon, or tab) and a label",
  );
  refuses(
    "a row without a path",
    "a.png,x\n,y\n",
    "line 2 has no path: each line is a path, a comma (or semicolon, or tab) and a label",
  );
  refuses("bytes that are no text", Uint8Array.of(0x89, 0x50, 0xff), "the file is not UTF-8 text");
  refuses(
    "a quote that never ends",
    'a.png,"x\n',
    "the file is not CSV: Quote Not Closed: the parsing is finished with an opening quote at line 1",
  );

  test("says when there is no such file", async () => {
    await assert.rejects(readImageCsv("/nowhere.csv"), {
      code: "ERR_DATA_NOT_FOUND",
      message: "/nowhere.csv: there is no such file",
    });
  });
});
