// Loops that are passed to a list of transforms do all of its work, and change no byte.
import assert from "node:assert/strict";
import { test } from "node:test";
import { composeTransforms } from "../../../src/data/transforms/compose-transforms.js";
import { plainLoops, type PixelLoops } from "../../../src/data/transforms/pixel-loops.js";
import { parseTransforms } from "../../../src/data/transforms/transform-text.js";
import { randomKey } from "../../../src/tensor/random.js";
import { drawImage } from "./images.js";

for (const [text, used] of [
  ["resize(9)", ["blank", "resampleAxis"]],
  ["centerCrop(8)", ["blank", "copyPixels"]],
  ["randomResizedCrop(8)", ["blank", "copyPixels", "resampleAxis"]],
  ["randomRotation(20)", ["blank"]],
  ["randomAffine(20)", ["blank"]],
  ["colorJitter(hue=0.5)", ["blank"]],
  ["randAugment(operations=14)", ["blank"]],
] as const) {
  test(`${text} uses the loops that it is given: ${used.join(", ")}`, (t) => {
    const [list, image, key] = [
      parseTransforms(text),
      drawImage(1, [20, 16, 3]),
      randomKey(1, "loops"),
    ];
    const loops = {
      blank: t.mock.fn(plainLoops.blank),
      copyPixels: t.mock.fn(plainLoops.copyPixels),
      resampleAxis: t.mock.fn(plainLoops.resampleAxis),
    } satisfies PixelLoops;
    const made = composeTransforms(list, 0, loops)(image, key);
    assert.deepEqual(made, composeTransforms(list)(image, key));
    const names = Object.entries(loops).filter(([, loop]) => loop.mock.callCount() > 0);
    assert.deepEqual(
      names.map(([name]) => name),
      used,
    );
  });
}
