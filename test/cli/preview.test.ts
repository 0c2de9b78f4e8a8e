import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import sharp from "sharp";
import { resnetIn } from "../helpers/resnet-command.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

const folder = scratchFolder();

const resnet = resnetIn(folder);

/** Three pictures of one colour in each of two classes. */
async function writePhotos(): Promise<string> {
  for (const [name, background] of Object.entries({ red: "#f00", blue: "#00f" })) {
    const place = path.join(folder, "photos/train", name);
    mkdirSync(place, { recursive: true });
    for (const i of [1, 2, 3]) {
      const create = { width: 40, height: 30, channels: 3, background } as const;
      await sharp({ create })
        .png()
        .toFile(path.join(place, `${i}.png`));
    }
  }
  return path.join(folder, "photos");
}

describe("resnet data preview", () => {
  test("draws a grid of a folder's images, the same for the same seed", async () => {
    const photos = await writePhotos();
    const draw = (out: string, seed: string): Buffer => {
      const words = ["--train-transforms", "randomAffine(90)", "--seed", seed, "--images", "2"];
      const { status, stderr, stdout } = resnet("data", "preview", photos, ...words, "--out", out);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /^\S+: 2 images of photos train, randomAffine\(90\), seed \d\n$/);
      return readFileSync(path.join(folder, out));
    };
    const picture = draw("a.png", "1");
    const { format, width, height } = await sharp(picture).metadata();
    assert.equal(format, "png");
    assert.ok(width > 1500 && height > 500, `${width} x ${height}`);
    assert.ok(picture.equals(draw("b.png", "1")));
    assert.ok(!picture.equals(draw("c.png", "2")));
  });

  test("says which transform does not fit", () => {
    const words = ["--train-transforms", "randomCrop(100)", "--out", "d.png"];
    const { status, stderr } = resnet("data", "preview", path.join(folder, "photos"), ...words);
    assert.equal(status, 2);
    assert.match(stderr, /^error: randomCrop: 100 x 100 does not fit into an image of 30 x 40/);
  });
});
