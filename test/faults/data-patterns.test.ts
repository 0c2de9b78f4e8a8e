// Names of folders and files that look like patterns.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { findImages } from "../../src/node/data/images/find-images.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

for (const folder of ["photos (1)", "set[2]", "{a,b}", "what?", "!(x)"]) {
  test(`the pattern ${folder}/*.jpg finds the images of the folder ${folder}`, async (t) => {
    const root = scratchFolder(t);
    mkdirSync(path.join(root, folder, "in"), { recursive: true });
    const files = ["1.jpg", "IMG(1).jpg", "a[1].jpg", "in/2.jpg"].map((file) =>
      path.join(root, folder, file),
    );
    for (const file of files) writeFileSync(file, "");
    const find = async (pattern: string): Promise<string[]> => {
      const found = await findImages([path.join(root, folder, pattern)]);
      return found.map((file) => path.resolve(file));
    };
    assert.deepEqual(await find("*.jpg"), files.slice(0, 3));
    assert.deepEqual(await find("**/*.jpg"), files);
    for (const file of files) assert.deepEqual(await findImages([file]), [file]);
  });
}
