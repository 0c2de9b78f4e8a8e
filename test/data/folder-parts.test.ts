// Which images of a folder train, validate and test.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { folderParts } from "../../src/data/folder-parts.js";
import type { ImageFiles } from "../../src/data/image-files.js";

const part = (name: string, rows: number): ImageFiles => ({
  name,
  files: Array.from({ length: rows }, (_, row) => `${name}/${row}.jpg`),
  labels: new Int32Array(rows),
  classes: ["a"],
});
const all = { trainSize: null, validSize: null, testSize: null, seed: 1 };

/** Rows of each part, and the folder they come from. */
function partsOf(
  folder: { readonly valid?: number; readonly test?: number },
  sizes: Partial<Record<"trainSize" | "validSize" | "testSize", number>> = {},
): string {
  const [valid, test] = (["valid", "test"] as const).map((name) =>
    folder[name] === undefined ? null : part(name, folder[name]),
  ) as [ImageFiles | null, ImageFiles | null];
  const parts = folderParts(
    { train: part("train", 10), valid, test, ignored: 0 },
    { ...all, ...sizes },
  );
  return [parts.train, parts.valid, parts.test]
    .map(({ name, files }) => `${files.length} ${name}`)
    .join(", ");
}

describe("folderParts", () => {
  test("takes the parts that there are, as many of each as asked for", () => {
    assert.equal(partsOf({ valid: 4, test: 3 }), "10 train, 4 valid, 3 test");
    const sizes = { trainSize: 5, validSize: 2, testSize: 1 };
    assert.equal(partsOf({ valid: 4, test: 3 }, sizes), "5 train, 2 valid, 1 test");
  });

  test("keeps a fifth of the training images apart where none validate", () => {
    assert.equal(partsOf({}), "8 train, 2 train, 2 train");
    assert.equal(partsOf({ test: 3 }), "8 train, 2 train, 3 test");
  });

  test("lets the test images validate where 0 do, and others where there are no test images", () => {
    assert.equal(partsOf({ valid: 4, test: 3 }, { validSize: 0 }), "10 train, 3 test, 3 test");
    assert.equal(partsOf({ test: 3 }, { validSize: 0 }), "10 train, 3 test, 3 test");
    assert.equal(partsOf({ valid: 4 }, { validSize: 0 }), "10 train, 4 valid, 4 valid");
    assert.throws(() => partsOf({}, { validSize: 0 }), { code: "ERR_DATA_ROWS" });
  });
});
