// Pictures that are too large, of other formats, of other samples, or no files at all.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import sharp from "sharp";
import { decodeImage } from "../../src/node/data/images/decode-image.js";
import { readImageFolder } from "../../src/node/data/images/image-folder.js";
import { nativeJpegDecoder } from "../../src/node/data/loader/native-jpeg.js";
import { packageRoot } from "../helpers/fixtures.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

const scratch = scratchFolder();
const fixture = (name: string): string => path.join(packageRoot, "test/fixtures/images", name);

function limitTo(t: TestContext, megapixels: string): void {
  process.env["RESNET_MAX_MEGAPIXELS"] = megapixels;
  t.after(() => delete process.env["RESNET_MAX_MEGAPIXELS"]);
}

describe("the limit of pixels", () => {
  const formats = ["colour.jpg", "colour.png", "colour.webp", "colour.avif", "palette.gif"];
  formats.push("colour.tiff", "bits-24.bmp", "runs-8.bmp", "colour.ppm", "bits-plain.pbm");
  for (const name of formats) {
    test(`holds for ${name}`, async (t) => {
      const { data } = await decodeImage(fixture(name), 3);
      limitTo(t, String(data.length / 3 / 1e6));
      await decodeImage(fixture(name), 3);
      limitTo(t, "0.0003");
      await assert.rejects(decodeImage(fixture(name), 3), {
        code: "ERR_DATA_IMAGE",
        message:
          /: it has 16 x 2[34] pixels, which is 0.0003[68]\d* megapixels, and the limit is 0.0003;/,
      });
    });
  }

  test("counts the frames of a GIF and the pages of a TIFF", async (t) => {
    const pages = path.join(scratch, "pages.tiff");
    const raw = { width: 8, height: 8 * 40, channels: 3, pageHeight: 8 } as const;
    await sharp(new Uint8Array(8 * 8 * 40 * 3), { raw })
      .tiff()
      .toFile(pages);
    limitTo(t, "0.0005");
    await assert.rejects(decodeImage(fixture("animated.gif"), 3), {
      message: /: it has 16 x 24 pixels in each of 2 frames, which is 0.000768 megapixels/,
    });
    await assert.rejects(decodeImage(readFileSync(pages), 3), {
      message: /: it has 8 x 8 pixels in each of 40 frames, which is 0.00256 megapixels/,
    });
    await decodeImage(fixture("palette.gif"), 3);
  });

  test("is 64 megapixels, and small files of more take no memory for their pixels", async () => {
    const side = 8192;
    const plain = sharp({
      create: { width: side, height: side, channels: 3, background: "black" },
    });
    const files = ["png", "jpg", "tiff", "gif"].map((ending) =>
      path.join(scratch, `big.${ending}`),
    );
    await plain.clone().png({ compressionLevel: 1 }).toFile(files[0]!);
    await plain.clone().toFile(files[1]!);
    await plain.clone().tiff({ compression: "deflate" }).toFile(files[2]!);
    writeFileSync(files[3]!, gifOfSize(side));
    const decoder = new URL("../../src/node/data/images/decode-image.js", import.meta.url).href;
    const program = `
      const { decodeImage } = await import(${JSON.stringify(decoder)});
      const said = [];
      for (const file of ${JSON.stringify(files)})
        said.push(await decodeImage(file, 3).then(() => "decoded", (error) => error.message));
      console.log(JSON.stringify({ said, megabytes: process.resourceUsage().maxRSS / 1024 }));`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", program]);
    const { said, megabytes } = JSON.parse(String(stdout)) as { said: string[]; megabytes: number };
    const size = "8192 x 8192 pixels, which is 67.11 megapixels, and the limit is 64";
    const advice = "make it smaller, or raise the limit with RESNET_MAX_MEGAPIXELS";
    assert.deepEqual(
      said,
      files.map((file) => `${file}: it has ${size}; ${advice}`),
    );
    assert.ok(megabytes < 190, `${megabytes} MB, but the pixels of one alone take 192`);
  });

  test("holds for libjpeg-turbo too", { skip: !nativeJpegDecoder() }, (t) => {
    const decode = nativeJpegDecoder()!;
    assert.ok(decode(readFileSync(fixture("colour.jpg")), 3, "a.jpg"));
    limitTo(t, "0.0003");
    assert.throws(() => decode(readFileSync(fixture("colour.jpg")), 3, "a.jpg"), {
      code: "ERR_DATA_IMAGE",
      message: /^a\.jpg: it has 16 x 24 pixels/,
    });
  });

  test("names the variable if it holds no number", async (t) => {
    limitTo(t, "many");
    await assert.rejects(decodeImage(fixture("colour.png"), 3), {
      message: 'RESNET_MAX_MEGAPIXELS is "many", but it must be a number above 0 and up to 4096',
    });
  });
});

/** A GIF that says it is that large; few of its pixels are there. */
function gifOfSize(side: number): Uint8Array {
  const bytes = readFileSync(fixture("palette.gif"));
  const descriptor = bytes.indexOf(Uint8Array.of(0x2c, 0, 0, 0, 0, 24, 0, 16, 0));
  for (const at of [6, 8, descriptor + 5, descriptor + 7]) bytes.writeUInt16LE(side, at);
  return bytes;
}

describe("a folder", () => {
  test("has images called .bmp, .ppm, .pgm, .jfif and .jpe", async () => {
    const folder = path.join(scratch, "endings", "a");
    mkdirSync(folder, { recursive: true });
    const sources = { bmp: "bits-24.bmp", ppm: "colour.ppm", pgm: "grey.pgm" };
    for (const [ending, source] of Object.entries({
      ...sources,
      jfif: "colour.jpg",
      JPE: "grey.jpg",
    }))
      copyFileSync(fixture(source), path.join(folder, `1.${ending}`));
    const { train, ignored } = await readImageFolder(path.dirname(folder));
    assert.equal(ignored, 0);
    const names = train.files.map((file) => path.basename(file));
    assert.deepEqual(names, ["1.JPE", "1.bmp", "1.jfif", "1.pgm", "1.ppm"]);
    for (const file of train.files) await decodeImage(file, 3);
  });
});

describe("samples", () => {
  test("that are floating-point numbers are refused, and not cut to 0 and 1", async () => {
    const samples = Float32Array.of(0.1, 0.4, 0.6, 0.9);
    const bytes = floatTiff(samples);
    await assert.rejects(decodeImage(bytes, 1, "float.tiff"), {
      code: "ERR_DATA_IMAGE",
      message:
        "float.tiff: its samples are floating-point numbers, but images have 8 or 16 bits without a sign; convert or remove it",
    });
  });
});

/** A TIFF of 2 x 2 grey floats, little-endian: header, pixels, directory. */
function floatTiff(samples: Float32Array): Uint8Array {
  const entries = [
    [256, 2],
    [257, 2],
    [258, 32],
    [259, 1],
    [262, 1],
    [273, 8],
    [277, 1],
    [278, 2],
    [279, 16],
    [339, 3], // SampleFormat: IEEE floating point
  ];
  const file = Buffer.alloc(8 + 16 + 2 + entries.length * 12 + 4);
  file.write("II*\0", 0, "latin1");
  file.writeUInt32LE(24, 4);
  file.set(new Uint8Array(samples.buffer), 8);
  file.writeUInt16LE(entries.length, 24);
  for (const [i, [tag, value]] of entries.entries()) {
    const at = 26 + 12 * i;
    file.writeUInt16LE(tag!, at);
    file.writeUInt16LE(3, at + 2); // SHORT
    file.writeUInt32LE(1, at + 4);
    file.writeUInt16LE(value!, at + 8);
  }
  return file;
}

describe("a path", () => {
  test("that leads to a FIFO is refused at once", async () => {
    const fifo = path.join(scratch, "pipe.png");
    assert.equal(spawnSync("mkfifo", [fifo]).status, 0);
    await assert.rejects(decodeImage(fifo, 3), {
      code: "ERR_DATA_SOURCE",
      message: `${fifo}: it is a FIFO, not a file`,
    });
  });

  test("that leads to a device without end is refused", async () => {
    await assert.rejects(decodeImage("/dev/zero", 3), {
      message: "/dev/zero: it is a device, not a file",
    });
  });

  test("to a file larger than an image can be is refused before it is read", async (t) => {
    limitTo(t, "0.0001");
    const file = path.join(scratch, "long.png");
    writeFileSync(file, new Uint8Array(801));
    await assert.rejects(decodeImage(file, 3), {
      message: `${file}: it has 801 bytes, but an image within the limit of pixels has at most 800`,
    });
  });
});
