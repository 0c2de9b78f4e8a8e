// Images as tools/transform_fixtures.py draws them, and what Pillow made of them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { ImageBytes } from "../../../src/data/transforms/image-bytes.js";
import { randomKey, uniform } from "../../../src/tensor/random.js";
import { packageRoot } from "../../helpers/fixtures.js";

export interface ExpectedImage {
  readonly height: number;
  readonly width: number;
  /** Base64; of a large image there is only the SHA-256. */
  readonly bytes?: string;
  readonly sha256?: string;
}

/** The cases of `test/fixtures/data/<name>.json`. */
export function casesOf<Case>(name: string): readonly Case[] {
  const file = path.join(packageRoot, "test/fixtures/data", `${name}.json`);
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly Case[] }).cases;
}

/** Byte i is `floor(low + uniform(randomKey(seed, "image"), i) · (high − low))`. */
export function drawImage(
  seed: number,
  [height, width, channels]: readonly [number, number, number],
  [low, high]: readonly [number, number] = [0, 256],
): ImageBytes {
  const key = randomKey(seed, "image");
  const data = Uint8Array.from({ length: height * width * channels }, (_, i) =>
    Math.floor(low + uniform(key, i) * (high - low)),
  );
  return { height, width, channels, data };
}

/** Fails unless the image is Pillow's, byte for byte. */
export function assertImage(actual: ImageBytes, expected: ExpectedImage): void {
  assert.deepEqual([actual.height, actual.width], [expected.height, expected.width]);
  assert.equal(actual.data.length, actual.height * actual.width * actual.channels);
  if (expected.bytes !== undefined) {
    assert.deepEqual([...actual.data], [...Buffer.from(expected.bytes, "base64")]);
  } else {
    assert.equal(createHash("sha256").update(actual.data).digest("hex"), expected.sha256);
  }
}

/** The image in the middle of a larger array full of `guard`: what reads outside it gets other bytes. */
export function guarded(image: ImageBytes, guard: number): ImageBytes {
  const room = 64;
  const memory = new Uint8Array(image.data.length + 2 * room).fill(guard);
  memory.set(image.data, room);
  return { ...image, data: memory.subarray(room, room + image.data.length) };
}
