// Weights that others published reach with this package the accuracy that they were published with.
import assert from "node:assert/strict";
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { before, describe, test } from "node:test";
import { NativeExecutor } from "../../src/node/native/native-executor.js";
import { readWeights } from "../../src/node/interop/read-weights.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { residentSource } from "../../src/train/sources/resident-source.js";
import { Evaluator } from "../../src/train/evaluate.js";
import { importWeights } from "../../src/checkpoint/import-weights.js";
import { modelOf } from "../../src/checkpoint/model-variant.js";
import { writeModelState } from "../../src/checkpoint/model-state.js";
import { nativeSkip } from "../helpers/executors.js";
import { packageRoot } from "../helpers/fixtures.js";

const shared = path.join(packageRoot, "../shared/data");

/** All images for ResNet-56 too, which takes half a minute on two cores. */
const isLong = process.env["RESNET_TEST_PUBLISHED"] !== undefined;

/**
 * akamaster's weights, the accuracy that he gives for them, and how many of the first 2,000 images PyTorch 2.13 classifies
 * correctly with them; the least sure of its logits are 5e-4 apart, which another order of sums might turn.
 */
const published = [
  { model: "cifar-resnet20", file: "resnet20-12fca82f.th", accuracy: 0.9173, first: 1833 },
  { model: "cifar-resnet56", file: "resnet56-4bfd9763.th", accuracy: 0.9339, first: 1859 },
] as const;

describe("akamaster's weights on CIFAR-10's test images", { skip: nativeSkip || false }, () => {
  let unpacked: SpawnSyncReturns<Buffer> | undefined;
  before(() => {
    const archive = path.join(shared, "cifar-10-batches-bin/test_batch.bin.xz");
    if (existsSync(archive)) unpacked = spawnSync("xz", ["-dc", archive], { maxBuffer: 1 << 26 });
  });

  for (const { model: name, file: fileName, accuracy: expected, first } of published) {
    const isWhole = isLong || name === "cifar-resnet20";
    const claim = isWhole ? `${100 * expected} % of all` : `${first} of the first 2,000`;
    test(`${name} classifies ${claim}`, async (t) => {
      const file = path.join(shared, "weights", fileName);
      if (!existsSync(file) || !unpacked) return t.skip(`no ${file}, or no test images`);
      if (unpacked.error) return t.skip("the command xz is not installed");
      const { stdout: records } = unpacked;
      const images = readRecords(isWhole ? records : records.subarray(0, 2000 * 3073));
      const { description, state } = importWeights(await readWeights(file), { model: name, file });
      const model = modelOf(description);
      const executor = new NativeExecutor();
      try {
        await writeModelState(executor, model, state);
        const source = await residentSource(executor, "test", images, description.normalize);
        const evaluator = await Evaluator.create(source, { executor, model, batch: 500 });
        const { accuracy } = await evaluator.evaluate();
        assert.deepEqual(images.labels.shape, [isWhole ? 10_000 : 2000]);
        const [right, tolerance] = isWhole ? [expected, 5e-4] : [first / 2000, 1.5 / 2000];
        assert.ok(Math.abs(accuracy - right) <= tolerance, `accuracy ${accuracy}`);
      } finally {
        await executor.close();
      }
    });
  }
});

/** Records of a label and three planes of 32 x 32 bytes. */
function readRecords(bytes: Uint8Array) {
  const rows = bytes.length / 3073;
  const images = hostArray([rows, 32, 32, 3], undefined, "u8");
  const labels = hostArray([rows], undefined, "i32");
  for (let row = 0; row < rows; row++) {
    labels.data[row] = bytes[row * 3073]!;
    for (let i = 0; i < 3072; i++) {
      images.data[row * 3072 + i] = bytes[row * 3073 + 1 + (i % 3) * 1024 + Math.floor(i / 3)]!;
    }
  }
  return { images, labels };
}
