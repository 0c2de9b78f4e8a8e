// Decoding against Pillow's pixels (tools/image_fixtures.py), and files that are no images.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { decodeImage } from "../../src/node/data/images/decode-image.js";
import { packageRoot } from "../helpers/fixtures.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

const folder = path.join(packageRoot, "test/fixtures/images");

interface Decoded {
  readonly height: number;
  readonly width: number;
  readonly rgb: string;
  readonly grey: string;
}
const decoded = JSON.parse(readFileSync(path.join(folder, "decoded.json"), "utf8")) as Readonly<
  Record<string, Decoded>
>;

/** AVIF says what its colours are, not how to round them. */
const roundingOf = (file: string): number => (file.endsWith(".avif") ? 2 : 0);

function assertPixels(actual: Uint8Array, expected: string, rounding: number): void {
  const bytes = Buffer.from(expected, "base64");
  assert.equal(actual.length, bytes.length);
  const wrong = actual.findIndex((value, i) => Math.abs(value - bytes[i]!) > rounding);
  assert.equal(wrong, -1, `byte ${wrong} is ${actual[wrong]}, Pillow has ${bytes[wrong]}`);
}

describe("decodeImage", () => {
  for (const [file, { height, width, rgb, grey }] of Object.entries(decoded)) {
    test(`${file} has Pillow's pixels`, async () => {
      const colour = await decodeImage(path.join(folder, file), 3);
      assert.deepEqual(colour.shape, [height, width, 3]);
      assertPixels(colour.data, rgb, roundingOf(file));
      const single = await decodeImage(readFileSync(path.join(folder, file)), 1);
      assert.deepEqual(single.shape, [height, width, 1]);
      assertPixels(single.data, grey, roundingOf(file));
    });
  }
});

describe("decodeImage refuses", () => {
  const scratch = scratchFolder();

  const whole = Object.keys(decoded).filter((file) =>
    /^(colour|palette|progressive|bits-|runs-|grey-plain)[^.]*\./.test(file),
  );
  for (const file of whole) {
    test(`a truncated ${file}, wherever it ends`, async () => {
      const bytes = readFileSync(path.join(folder, file));
      for (const share of [0.02, 0.3, 0.6, 0.8]) {
        const cut = bytes.subarray(0, Math.ceil(bytes.length * share));
        await assert.rejects(decodeImage(cut, 3, "cut.img"), { code: "ERR_DATA_IMAGE" });
      }
    });
  }

  test("a file that is no image, naming it", async () => {
    const file = path.join(scratch, "page.jpg");
    writeFileSync(file, "<html>not found</html>");
    await assert.rejects(decodeImage(file, 3), {
      name: "DataError",
      code: "ERR_DATA_IMAGE",
      message: `${file}: it is not a JPEG, PNG, WebP, AVIF, GIF, TIFF, BMP, PBM, PGM or PPM, or is cut off in its header; repair or remove it`,
    });
  });

  test("a drawing, though libvips reads it", async () => {
    const drawing = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    await assert.rejects(decodeImage(drawing, 3, "drawing.png"), {
      code: "ERR_DATA_IMAGE",
      message: /^drawing\.png: it is not a JPEG, PNG,/,
    });
  });

  test("an empty file", async () => {
    await assert.rejects(decodeImage(new Uint8Array(), 3, "empty.png"), {
      code: "ERR_DATA_IMAGE",
      message: "empty.png: the file is empty; repair or remove it",
    });
  });

  test("damaged pixels, saying what the decoder said", async () => {
    const bytes = Buffer.from(readFileSync(path.join(folder, "colour.png")));
    bytes[bytes.length >> 1]! ^= 0x55;
    await assert.rejects(decodeImage(bytes, 3, "colour.png"), {
      message: /^colour\.png: it is damaged or truncated \(.+\); repair or remove it$/,
    });
  });

  test("a file that is not there, and a folder", async () => {
    const missing = path.join(scratch, "missing.png");
    await assert.rejects(decodeImage(missing, 3), {
      code: "ERR_DATA_SOURCE",
      message: `${missing}: there is no such file`,
    });
    await assert.rejects(decodeImage(scratch, 3), {
      code: "ERR_DATA_SOURCE",
      message: `${scratch}: it is a folder, not a file`,
    });
  });
});
