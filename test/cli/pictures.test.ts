// predict, explain, features and similar as their users meet them.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import sharp from "sharp";
import { readSafetensors } from "../../src/interop/read-safetensors.js";
import { writeTestCheckpoint } from "../helpers/checkpoint.js";
import { writeImageFolder } from "../helpers/image-folder.js";
import { resnetIn } from "../helpers/resnet-command.js";

/** A checkpoint, three pictures of which one is damaged, and the command in their folder. */
async function setUp(t: TestContext) {
  const { file } = await writeTestCheckpoint(t);
  const cwd = path.join(await writeImageFolder(t, { val: 3 }), "val/a");
  writeFileSync(path.join(cwd, "1.png"), "no image");
  const run = resnetIn(cwd);
  const resnet = (command: string, ...words: readonly string[]) => run(command, file, ...words);
  return { cwd, resnet };
}

const damaged =
  "1.png: it is not a JPEG, PNG, WebP, AVIF, GIF, TIFF, BMP, PBM, PGM or PPM, or is cut off in its header; repair or remove it\n";

describe("commands for pictures", () => {
  test("predict names what it skips, and fails in the end", async (t) => {
    const { resnet } = await setUp(t);
    const { status, stdout, stderr } = resnet("predict", "?.png", "--top", "2", "--json");
    const found = JSON.parse(stdout) as { image: string; top: { probability: number }[] }[];
    assert.deepEqual(
      found.map(({ image, top }) => [image, top.length]),
      [
        ["0.png", 2],
        ["2.png", 2],
      ],
    );
    assert.deepEqual([status, stderr], [1, `skipped: ${damaged}`]);
  });

  test("features writes those of the pictures that can be read, or nothing", async (t) => {
    const { cwd, resnet } = await setUp(t);
    resnet("features", "0.png", "1.png", "2.png", "--out", "some.safetensors");
    const { tensors, metadata } = readSafetensors(readFileSync(path.join(cwd, "some.safetensors")));
    assert.deepEqual(tensors.get("features")!.shape, [2, 64]);
    assert.equal(metadata.get("images"), '["0.png","2.png"]');
    assert.deepEqual(resnet("features", "1.png", "--out", "none.safetensors"), {
      status: 1,
      stdout: "",
      stderr: `skipped: ${damaged}error: none of the pictures can be read: none.safetensors is not written\n`,
    });
    assert.ok(!existsSync(path.join(cwd, "none.safetensors")));
  });

  test("similar leaves the picture itself out, and says where there is no other", async (t) => {
    const { resnet } = await setUp(t);
    assert.match(
      resnet("similar", "0.png", "--among", "0.png", "2.png").stdout,
      /^\S+ {2}2\.png$/m,
    );
    assert.deepEqual(resnet("similar", "0.png", "--among", "./0.png"), {
      status: 1,
      stdout: "",
      stderr: "error: there is no picture to compare 0.png with\n",
    });
  });

  test("explain draws a picture, and says where it cannot be written", async (t) => {
    const { cwd, resnet } = await setUp(t);
    const { status, stdout } = resnet("explain", "0.png", "--out", "why.png", "--label", "bee");
    assert.equal(status, 0);
    assert.match(stdout, /^why\.png: what speaks for bee \(\d+\.\d\d %\) in layer3, 5 x 5$/m);
    const { width } = await sharp(path.join(cwd, "why.png")).metadata();
    assert.equal(width, 2 * (2 * 440 + 128)); // twice 20 x 20, enlarged to 440; margins and the bar of colours
    const names = readdirSync(cwd);
    for (const [out, reason] of [
      ["../b", "EISDIR: it is a folder"],
      ["2.png/why.png", "EEXIST: a part of the path is a file"],
    ] as const)
      assert.deepEqual(resnet("explain", "0.png", "--out", out), {
        status: 1,
        stdout: "",
        stderr: `error: ${out} cannot be written (${reason})\n`,
      });
    assert.deepEqual(resnet("explain", "0.png", "--out", "why.jpg"), {
      status: 2,
      stdout: "",
      stderr: "error: why.jpg: this command writes PNG: end the name of the file in .png\n",
    });
    assert.deepEqual(readdirSync(cwd), names);
  });
});
