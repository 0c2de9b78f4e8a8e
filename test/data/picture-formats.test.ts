// Bitmaps and Netpbm files with any byte of their header changed: pixels, or a DataError that says what is wrong.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { decodeBmp } from "../../src/data/bmp.js";
import { DataError } from "../../src/data/data-error.js";
import { decodeNetpbm } from "../../src/data/netpbm.js";
import type { ImageSize } from "../../src/data/transforms/image-bytes.js";
import { packageRoot } from "../helpers/fixtures.js";

const folder = path.join(packageRoot, "test/fixtures/images");
const files = readdirSync(folder).filter((file) => /\.(bmp|p[bgp]m)$/.test(file));

/** The limit that callers have: larger pictures never get memory. */
function check({ height, width }: ImageSize): void {
  if (height * width > 100_000) throw new DataError("ERR_DATA_IMAGE", "too large");
}

describe("a damaged header", () => {
  for (const file of files) {
    test(`of ${file} gives pixels or a DataError`, () => {
      const decode = file.endsWith(".bmp") ? decodeBmp : decodeNetpbm;
      const bytes = readFileSync(path.join(folder, file));
      let refused = 0;
      for (let at = 2; at < Math.min(bytes.length, 150); at++) {
        for (const value of [0, 1, 0x20, 0x39, 0x7f, 0x80, 0xff]) {
          const damaged = Uint8Array.from(bytes);
          damaged[at] = value;
          try {
            const { height, width, channels, data } = decode(damaged, check);
            assert.equal(data.length, height * width * channels);
          } catch (error) {
            if (!(error instanceof DataError)) throw error;
            refused++;
          }
        }
      }
      assert.ok(refused > 10, `only ${refused} were refused`);
    });
  }

  test("that says nothing of the colours is named", () => {
    const bytes = readFileSync(path.join(folder, "bits-24.bmp"));
    bytes[28] = 13;
    assert.throws(() => decodeBmp(bytes, check), {
      code: "ERR_DATA_FORMAT",
      message: "it is a bitmap of 13 bits a pixel with an unsupported compression",
    });
  });

  test("of a Netpbm file names the number that is wrong", () => {
    const file = Buffer.from("P5\n2 2\n70000\nabcd");
    assert.throws(() => decodeNetpbm(file, check), {
      message: "its largest sample is 70000, but it must be from 1 to 65535",
    });
    assert.throws(() => decodeNetpbm(Buffer.from("P6\n2 2\n255\nabcd"), check), {
      message: "it is truncated: its pixels take 12 bytes, but 4 are there",
    });
  });
});
