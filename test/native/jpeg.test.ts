// libjpeg-turbo's pixels against Pillow's and sharp's, and files that it must leave to sharp.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import sharp from "sharp";
import { decodeImage } from "../../src/node/data/images/decode-image.js";
import { loadImage, type ImageTools } from "../../src/node/data/loader/load-image.js";
import { describeJpegDecoder, nativeJpegDecoder } from "../../src/node/data/loader/native-jpeg.js";
import type { ImageBytes } from "../../src/data/transforms/image-bytes.js";
import { plainLoops } from "../../src/data/transforms/pixel-loops.js";
import { damage, damaged, slightDamage } from "../helpers/damage.js";
import { packageRoot } from "../helpers/fixtures.js";

const decode = nativeJpegDecoder();
const skip = decode ? false : "the engine was built without libjpeg-turbo";
const folder = path.join(packageRoot, "test/fixtures/images");
const fixture = (name: string): Buffer => readFileSync(path.join(folder, name));

async function assertSharps(actual: ImageBytes, bytes: Uint8Array): Promise<void> {
  const expected = await decodeImage(bytes, 3); // on this thread sharp decodes
  const { height, width, channels } = actual;
  assert.deepEqual([height, width, channels], expected.shape);
  assert.ok(Buffer.from(actual.data).equals(expected.data), "other pixels than sharp's");
}

const segment = (marker: number, bytes: readonly number[]): readonly number[] => [
  0xff,
  marker,
  0,
  bytes.length + 2,
  ...bytes,
];

/** A grey JPEG by hand, of one grey: its tables have one code each, a bit 0, which says that nothing differs. */
function plainGrey(frame: "baseline" | "progressive", side: number, scans: Uint8Array): Buffer {
  const oneCode = (table: number): readonly number[] =>
    segment(0xc4, [table, 1, ...Array<number>(15).fill(0), 0]);
  const [high, low] = [side >> 8, side & 255];
  const header = [
    0xff,
    0xd8,
    ...segment(0xdb, [0, ...Array<number>(64).fill(1)]),
    ...segment(frame === "baseline" ? 0xc0 : 0xc2, [8, high, low, high, low, 1, 1, 0x11, 0]),
    ...oneCode(0x00),
    ...oneCode(0x10),
  ];
  return Buffer.concat([Buffer.from(header), scans, Buffer.from([0xff, 0xd9])]);
}

/** 8 x 8 pixels, progressive: every coefficient in a scan of its own, to this number of bits. */
function inScans(bits: 1 | 2): Buffer {
  const scan = (coefficient: number, before: number, now: number): readonly number[] => [
    ...segment(0xda, [1, 1, 0, coefficient, coefficient, before * 16 + now]),
    0x7f,
  ];
  const coefficients = Array.from({ length: 63 }, (_, i) => i + 1);
  const scans = [
    ...scan(0, 0, 0),
    ...coefficients.flatMap((k) => scan(k, 0, bits - 1)),
    ...(bits === 2 ? coefficients.flatMap((k) => scan(k, 1, 0)) : []),
  ];
  return plainGrey("progressive", 8, Uint8Array.from(scans));
}

/** Two bits for each block of 8 x 8 pixels. */
function square(side: number): Buffer {
  const scan = segment(0xda, [1, 1, 0, 0, 63, 0]);
  return plainGrey(
    "baseline",
    side,
    Uint8Array.from({ length: scan.length + side ** 2 / 256 }, (_, i) => scan[i] ?? 0),
  );
}

test("where there is no addon, sharp decodes, and doctor can say why", (t) => {
  const before = process.env["RESNET_NATIVE_ADDON"];
  process.env["RESNET_NATIVE_ADDON"] = path.join(folder, "resnet.node");
  t.after(() => {
    if (before === undefined) delete process.env["RESNET_NATIVE_ADDON"];
    else process.env["RESNET_NATIVE_ADDON"] = before;
  });
  assert.equal(nativeJpegDecoder(), null);
  assert.match(
    describeJpegDecoder(),
    /^sharp \(the engine was built without libjpeg-turbo's headers: /,
  );
});

test("loadImage asks the decoder that it was given, and sharp about the rest", async () => {
  const made = { height: 1, width: 1, channels: 3, data: new Uint8Array(3).fill(7) };
  const decodeQuickly: ImageTools["decodeQuickly"] = (bytes) => (bytes[0] === 0xff ? made : null);
  const load = (name: string) => {
    const file = path.join(folder, name);
    return loadImage(
      { file, channels: 3, transforms: [], key: null, shape: null },
      { decodeQuickly, loops: plainLoops },
    );
  };
  assert.equal(await load("colour.jpg"), made);
  assert.equal((await load("colour.png")).width, 24);
});

describe("nativeJpegDecoder", { skip }, () => {
  const decoded = JSON.parse(fixture("decoded.json").toString()) as Record<
    string,
    { readonly height: number; readonly width: number; readonly rgb: string; readonly grey: string }
  >;
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".jpg"))) {
    test(`${file} has Pillow's pixels`, () => {
      const { height, width, rgb, grey } = decoded[file]!;
      const colour = decode!(fixture(file), 3)!;
      assert.deepEqual([colour.height, colour.width, colour.channels], [height, width, 3]);
      assert.equal(Buffer.from(colour.data).toString("base64"), rgb);
      const single = decode!(fixture(file), 1)!;
      assert.deepEqual([single.height, single.width, single.channels], [height, width, 1]);
      assert.equal(Buffer.from(single.data).toString("base64"), grey);
    });
  }

  for (const [height, width] of [
    [1, 1],
    [1, 40],
    [33, 17],
    [64, 64],
  ] as const) {
    for (const chromaSubsampling of ["4:2:0", "4:4:4"]) {
      for (const progressive of [false, true]) {
        const kind = `${height} x ${width}, ${chromaSubsampling}${progressive ? ", progressive" : ""}`;
        test(`${kind}: sharp's pixels`, async () => {
          const noise = { type: "gaussian", mean: 128, sigma: 60 } as const;
          const bytes = await sharp({
            create: { height, width, channels: 3, noise, background: "red" },
          })
            .jpeg({ chromaSubsampling, progressive })
            .toBuffer();
          await assertSharps(decode!(bytes, 3)!, bytes);
        });
      }
    }
  }

  test("4:4:0, which is 4:2:2 upright: sharp's pixels", async () => {
    const noise = { type: "gaussian", mean: 128, sigma: 60 } as const;
    const bytes = await sharp({
      create: { height: 32, width: 32, channels: 3, noise, background: "red" },
    })
      .jpeg({ chromaSubsampling: "4:2:0" })
      .toBuffer();
    const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
    assert.equal(bytes[frame + 11], 0x22); // the first component's sampling, horizontal and vertical
    for (const sampling of [0x21, 0x12]) {
      bytes[frame + 11] = sampling;
      // Half of the blocks in a unit, and so twice the rows: as many blocks of luminance, all that there are.
      const other = decode!(bytes, 3);
      if (other) await assertSharps(other, bytes);
    }
  });

  test("leaves to sharp what is no JPEG, cut off, or in CMYK", async () => {
    const whole = fixture("colour.jpg");
    const cmyk = await sharp(whole).toColourspace("cmyk").jpeg().toBuffer();
    const endless = Buffer.from(whole);
    endless[endless.length - 1] = 0xd0; // a marker, but not that of the end
    const files = [fixture("colour.png"), Buffer.alloc(0), cmyk, endless];
    for (const share of [0.02, 0.3, 0.6, 0.8, 0.999])
      files.push(whole.subarray(0, Math.floor(whole.length * share)));
    for (const bytes of files) assert.equal(decode!(bytes, 3), null);
  });

  test("leaves to sharp what is larger than sharp takes", async () => {
    const small = square(64);
    await assertSharps(decode!(small, 3)!, small);
    assert.equal(decode!(square(16384), 3), null);
  });

  test("leaves to sharp an EXIF whose orientation is no short number, and a second EXIF", () => {
    const whole = fixture("orientation-6.jpg");
    const tag = whole.indexOf(Buffer.from([0x01, 0x12, 0, 3])); // big-endian, of type short
    assert.ok(tag > 0);
    const long = Buffer.from(whole);
    long[tag + 3] = 4;
    assert.equal(decode!(long, 3), null);
    const start = whole.indexOf(Buffer.from([0xff, 0xe1]));
    const segment = whole.subarray(start, start + 2 + whole.readUInt16BE(start + 2));
    const twice = [whole.subarray(0, start), segment, whole.subarray(start)];
    assert.equal(decode!(Buffer.concat(twice), 3), null);
  });

  test("leaves to sharp a hundred scans, which cost much more than the file's size", async () => {
    const few = inScans(1);
    await assertSharps(decode!(few, 3)!, few);
    assert.equal(decode!(inScans(2), 3), null);
  });

  for (const name of ["colour.jpg", "progressive.jpg", "grey.jpg", "orientation-6.jpg"]) {
    test(`${name} with any damage: sharp's pixels, or left to sharp`, async () => {
      let taken = 0;
      const check = async (bytes: Uint8Array): Promise<void> => {
        const image = decode!(bytes, 3);
        if (!image) return;
        taken++;
        await assertSharps(image, bytes);
      };
      const property = fc.asyncProperty(fc.oneof(damage, slightDamage), (changes) =>
        check(damaged(fixture(name), changes)),
      );
      await fc.assert(property, { seed: 21, numRuns: 500, timeout: 5000 });
      assert.ok(taken > 50, `only ${taken} were decoded`);
    });
  }
});
