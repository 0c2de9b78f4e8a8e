// A checkpoint keeps how pictures are prepared for it.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { writeSafetensors } from "../../src/interop/write-safetensors.js";
import { createModel } from "../../src/models/catalog.js";
import { readCheckpoint } from "../../src/node/runs/checkpoint-file.js";
import { importWeights, type ImportOptions } from "../../src/checkpoint/import-weights.js";
import { initialState } from "../../src/checkpoint/model-state.js";
import { resnet } from "../helpers/resnet-command.js";
import { scratchFolder } from "../helpers/scratch-folder.js";

const state = initialState(createModel("resnet18", { classes: 5, channels: 3, width: 4 }), 3);

const transforms = (options: Partial<ImportOptions>) =>
  importWeights(state, { model: "resnet18", modelOptions: { width: 4 }, file: "file", ...options })
    .description.transforms;

const cut = (resized: number, crop: number, interpolation = "bilinear") => [
  { type: "resize", size: resized, interpolation },
  { type: "centerCrop", size: crop },
];

describe("Import keeps resizing and cropping", () => {
  const cases: readonly [name: string, options: Partial<ImportOptions>, expected: unknown][] = [
    ["for the model's own size", {}, cut(256, 224)],
    ["for another size", { image: [3, 288, 288] }, cut(329, 288)],
    ["with another share", { image: [3, 288, 288], cropShare: 0.95 }, cut(303, 288)],
    ["with a share of one", { cropShare: 1 }, cut(224, 224)],
    ["with torchvision's second weights", { cropShare: 0.965 }, cut(232, 224)],
    ["with another interpolation", { interpolation: "bicubic" }, cut(256, 224, "bicubic")],
    ["in grey", { image: [1, 224, 224] }, cut(256, 224)],
  ];
  for (const [name, options, expected] of cases) {
    test(name, () => assert.deepEqual(transforms(options), expected));
  }

  test("of a rectangle, whose longer side decides", () => {
    assert.deepEqual(transforms({ image: [3, 160, 224] }), [
      { type: "resize", size: 256, interpolation: "bilinear" },
      { type: "centerCrop", size: [160, 224] },
    ]);
  });

  test("but small images are taken as a whole, unless a share is given", () => {
    assert.equal(transforms({ image: [3, 64, 64] }), undefined);
    assert.deepEqual(transforms({ image: [3, 64, 64], cropShare: 0.5 }), cut(128, 64));
  });
});

test("resnet import takes the preprocessing, and its checkpoint keeps it", async () => {
  const folder = scratchFolder();
  const file = path.join(folder, "weights.safetensors");
  const out = path.join(folder, "out.safetensors");
  writeFileSync(file, await writeSafetensors(state));
  const words = `import ${file} --model resnet18 --model-option width=4 --input 3x288x288 --crop-share 0.95 --interpolation bicubic --mean 0.5,0.5,0.5 --std 0.5,0.5,0.5 --out ${out}`;
  const { status, stdout } = resnet(...words.split(" "));
  assert.equal(status, 0);
  assert.match(stdout, /; pictures: resize\(303, interpolation=bicubic\) centerCrop\(288\)\n$/);
  const { description } = await readCheckpoint(out);
  assert.deepEqual(description.transforms, cut(303, 288, "bicubic"));
  assert.deepEqual(description.imageShape, [288, 288, 3]);
  assert.deepEqual(description.normalize, { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] });
});

test("A crop share outside of 0 to 1 is refused", () => {
  const { status, stderr } = resnet(
    ..."import a --model resnet18 --out b --crop-share 87.5".split(" "),
  );
  assert.equal(status, 2);
  assert.match(stderr, /It takes a number above 0, at most 1\./);
});
