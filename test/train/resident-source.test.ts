// The batches that a program reads are the images that the transforms make, normalized.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { composeTransforms } from "../../src/data/transforms/compose-transforms.js";
import { sampleKey } from "../../src/data/transforms/draws.js";
import { parseTransforms } from "../../src/data/transforms/transform-text.js";
import type { Executor } from "../../src/executors/executor.js";
import { widen } from "../../src/executors/reference/execute.js";
import type { Tensor } from "../../src/graph/tensor.js";
import { graphOf } from "../../src/graph/graph.js";
import { plan } from "../../src/planner/plan.js";
import { randomKey, type RandomKey } from "../../src/tensor/random.js";
import { residentSource } from "../../src/train/sources/resident-source.js";
import type { Precision } from "../../src/program/precision.js";
import { randomIntegers } from "../helpers/arrays.js";
import { assertClose } from "../helpers/assert-close.js";
import { executorsUnderTest } from "../helpers/executors.js";

const [height, width, channels] = [7, 9, 3];
const data = {
  images: randomIntegers([20, height, width, channels], 1, 256, "u8"),
  labels: randomIntegers([20], 2, 5, "i32"),
};
const mean = [0.5, 0.4, 0.3];
const std = [0.2, 0.3, 0.25];
const rows = Int32Array.of(3, 19, 0, 3);
const visits = Int32Array.of(0, 0, 0, 1);

/** x [H, W, N, C] and the labels of one batch, as a program sees them. */
async function batchOf(
  executor: Executor,
  text: string,
  key: RandomKey | null,
  precision: Precision = "fp32",
): Promise<{ readonly x: ArrayLike<number>; readonly shape: readonly number[] }> {
  const source = await residentSource(executor, "train", data, {
    mean,
    std,
    transforms: parseTransforms(text),
  });
  assert.deepEqual(source.labels, data.labels.data);
  const { images, targets } = source.trace(rows.length, precision, key !== null);
  const program = await executor.load(
    plan("batch", graphOf({ images, labels: targets as Tensor })),
  );
  for await (const inputs of source.batches([rows], key, [visits])) {
    const outputs = await program.run(inputs);
    assert.deepEqual(
      [...outputs["labels"]!.data],
      [...rows].map((row) => data.labels.data[row]!),
    );
    const [h, w, , c] = outputs["images"]!.shape;
    assert.deepEqual(source.imageShape, [h, w, c]);
    return { x: widen(outputs["images"]!).data, shape: outputs["images"]!.shape };
  }
  throw new Error("no batch");
}

/** The same by hand. */
function expectedBatch(text: string, key: RandomKey): Float32Array {
  const transform = composeTransforms(parseTransforms(text));
  const bytes = height * width * channels;
  const made = [...rows].map((row, i) => {
    const image = data.images.data.subarray(row * bytes, (row + 1) * bytes);
    return transform({ height, width, channels, data: image }, sampleKey(key, row, visits[i]));
  });
  const [{ height: h, width: w }] = made as [(typeof made)[number]];
  const x = new Float32Array(h * w * rows.length * channels);
  for (let i = 0; i < x.length; i++) {
    const [c, n] = [i % channels, Math.floor(i / channels) % rows.length];
    const pixel = Math.floor(i / channels / rows.length);
    x[i] = (made[n]!.data[pixel * channels + c]! / 255 - mean[c]!) / std[c]!;
  }
  return x;
}

const lists = [
  "none",
  "resize([5, 4], interpolation=bicubic)",
  "randomCrop([7, 9], padding=2, fill=[255, 0, 9]) randomHorizontalFlip cutout(4, fill=128)",
  "resize(12) randomVerticalFlip randomCrop(10) randomHorizontalFlip randomErasing(1)",
  "resize(12) randAugment randomCrop(10) randomHorizontalFlip", // not in the kernel
  "trivialAugmentWide randomResizedCrop(6)",
];

for (const { name, create } of executorsUnderTest) {
  describe(`resident batches on ${name}`, () => {
    for (const text of lists) {
      test(text, async () => {
        const key = randomKey(5, "augment", 2);
        for (const precision of ["fp32", "bf16"] as const) {
          const executor = create();
          try {
            const { x } = await batchOf(executor, text, key, precision);
            const rtol = precision === "fp32" ? 2 ** -22 : 2 ** -8;
            assertClose(x, expectedBatch(text, key), { rtol }, precision);
          } finally {
            await executor.close();
          }
        }
      });
    }

    test("without a key, the middle of each image", async () => {
      const executor = create();
      try {
        const { x, shape } = await batchOf(executor, "randomHorizontalFlip randomCrop(5)", null);
        assert.deepEqual(shape, [5, 5, 4, 3]);
        const unused = randomKey(0);
        assertClose(x, expectedBatch("centerCrop(5)", unused), { rtol: 2 ** -22 }, "middle");
      } finally {
        await executor.close();
      }
    });
  });
}
