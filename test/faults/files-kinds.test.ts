// Files that are given for weights: the oldest container is read, and other kinds of files are told from weights.
import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { bytesSource } from "../../src/interop/byte-source.js";
import { readTorch } from "../../src/interop/torch/read-torch.js";
import { readWeights } from "../../src/node/interop/read-weights.js";
import { ResnetError } from "../../src/tensor/error.js";
import { tarOf } from "../data/tiny-archive.js";
import { packageRoot } from "../helpers/fixtures.js";
import { resnet } from "../helpers/resnet-command.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

const fixture = (name: string): string => path.join(packageRoot, "test/fixtures/torch", name);
const photo = path.join(packageRoot, "test/fixtures/images/colour.jpg");
const folder = scratchFolder();

describe("the tar archive of PyTorch 0.1", () => {
  const file = fixture("tensors-tar.pth");

  test("is read: views of storages, strides, parameters with a state", async () => {
    const weights = await readWeights(file);
    const values = (name: string): readonly number[] => Array.from(weights.get(name)!.data, Number);
    assert.deepEqual([...weights.keys()], ["base", "row", "transposed", "other", "viewed"]);
    const base = Array.from({ length: 24 }, (_, i) => i);
    assert.deepEqual([weights.get("base")!.shape, values("base")], [[2, 3, 4], base]);
    assert.deepEqual(values("row"), [20, 21, 22, 23]);
    assert.deepEqual(weights.get("transposed")!.shape, [4, 2, 3]);
    assert.deepEqual(values("transposed").slice(0, 7), [0, 4, 8, 12, 16, 20, 1]);
    assert.deepEqual([values("other"), values("viewed")], [[0.25, -8], [-8]]);
  });

  test("is refused with a code where it is cut, at any byte of its contents", async () => {
    const whole = readFileSync(file);
    const end = whole.lastIndexOf("viewed") + 12; // the archive ends with zeros
    for (let length = 0; length < end; length++) {
      await assert.rejects(
        readTorch(bytesSource(whole.subarray(0, length), "file")),
        (error) => error instanceof ResnetError,
        `${length} bytes`,
      );
    }
  });

  test("is told from an archive of other files", async () => {
    const other = path.join(folder, "weights.tar");
    writeFileSync(other, gunzipSync(tarOf(new Map([["resnet50.pth", Buffer.from("x")]]))));
    await assert.rejects(readWeights(other), {
      code: "ERR_TORCH_FILE",
      message: `${other}: the tar archive has no 'storages', which PyTorch 0.1 wrote: if the weights are a file in the archive, unpack it first`,
    });
  });
});

const pointer = `version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 102502400
`;

const kinds: Readonly<Record<string, readonly [contents: string | Uint8Array, finding: string]>> = {
  "an empty file": ["", "it is empty: download or copy it again"],
  "a Git LFS pointer": [
    pointer,
    "it is a Git LFS pointer instead of the file: run 'git lfs pull' in its repository, or download the file itself",
  ],
  "an HTML page": [
    "\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>",
    "it is a web page (HTML) instead of the file: the address led to a page, such as a log-in; download the file itself",
  ],
  "a text file": [
    "Größe\tepoch 1: loss 0.5\n".repeat(100),
    "it is a text file, not weights: check the path, or download the file again",
  ],
  "a short text": [
    "404",
    "it is a text file, not weights: check the path, or download the file again",
  ],
  "a compressed file": [gzipSync("weights"), "it is compressed with gzip: unpack it first"],
  "a picture": [Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]), "it is a picture, not weights"],
};

describe("given for weights, it is named, with what to do:", () => {
  for (const [name, [contents, finding]] of Object.entries(kinds)) {
    test(name, async () => {
      for (const ending of ["pth", "safetensors"]) {
        const file = path.join(folder, `resnet50.${ending}`);
        writeFileSync(file, contents);
        await assert.rejects(readWeights(file), {
          code: "ERR_WEIGHTS_FILE",
          message: `${file}: ${finding}`,
        });
      }
    });
  }

  test("an archive of another program, such as numpy.savez", async () => {
    const file = path.join(folder, "weights.npz");
    copyFileSync(fixture("training.pth"), file);
    writeFileSync(file, readFileSync(file, "latin1").replaceAll("data.pkl", "arr0.npy"), "latin1");
    await assert.rejects(readWeights(file), {
      code: "ERR_TORCH_FILE",
      message: `${file}: the zip archive has no data.pkl, which torch.save writes: another program wrote it`,
    });
  });

  test("a safetensors file still begins with any length", async () => {
    const weights = await readWeights(fixture("tensors.safetensors"));
    assert.ok(weights.size > 10);
  });
});

describe("a PyTorch file given to a command that takes checkpoints", () => {
  const commands: Readonly<Record<string, readonly string[]>> = {
    predict: [photo],
    eval: ["--data", "fashion-mnist"],
    features: [photo, "--out", path.join(folder, "features")],
  };
  for (const [command, words] of Object.entries(commands)) {
    for (const name of ["training.pth", "training-legacy.pth", "tensors-tar.pth"]) {
      test(`resnet ${command} says how to import it: ${name}`, () => {
        const file = fixture(name);
        const { status, stdout, stderr } = resnet(command, file, ...words);
        assert.deepEqual([status, stdout], [1, ""]);
        assert.equal(
          stderr,
          `error: ${file}: it is a PyTorch file: import it first: resnet import ${file} --model NAME --out checkpoint.safetensors\n`,
        );
      });
    }
  }

  test("resnet predict names a text file as well", () => {
    const file = path.join(folder, "best.safetensors");
    writeFileSync(file, pointer);
    const { status, stderr } = resnet("predict", file, photo);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^error: .*best\.safetensors: it is a Git LFS pointer instead of the file: run 'git lfs pull'/,
    );
  });
});
