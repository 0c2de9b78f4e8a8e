import assert from "node:assert/strict";
import path from "node:path";
import { describe, test } from "node:test";
import { findImages } from "../../src/node/data/images/find-images.js";
import { writeImageFolder } from "../helpers/image-folder.js";

describe("findImages", () => {
  test("takes files, folders and patterns, in the order of the words", async (t) => {
    const root = await writeImageFolder(t, { val: 2 });
    const found = await findImages([`${root}/val/b/1.png`, `${root}/val/a`, `${root}/*/c/*.png`]);
    assert.deepEqual(
      found.map((file) => path.relative(path.join(root, "val"), file)),
      ["b/1.png", "a/0.png", "a/1.png", "c/0.png", "c/1.png"],
    );
  });

  test("says what is not there", async (t) => {
    const root = await writeImageFolder(t, { val: 1 });
    await assert.rejects(findImages([`${root}/nope`]), {
      code: "ERR_DATA_SOURCE",
      message: `${root}/nope: there is no such file or folder`,
    });
    await assert.rejects(findImages([`${root}/**/*.gif`]), { message: /no file matches/ });
  });
});
