// Weights that others published reach with this package the accuracy that they were published with.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { NativeExecutor } from "../../src/executors/native/native-executor.js";
import { readWeights } from "../../src/interop/read-weights.js";
import { createModel } from "../../src/models/catalog.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { residentSource } from "../../src/train/batch-source.js";
import { createEvaluator } from "../../src/train/evaluate.js";
import { importWeights } from "../../src/train/import-weights.js";
import { writeModelState } from "../../src/train/model-state.js";
import { nativeSkip } from "../helpers/executors.js";
import { packageRoot } from "../helpers/fixtures.js";

const shared = path.join(packageRoot, "../shared/data");

test("akamaster's ResNet-20 classifies 91.73 % of CIFAR-10's test images", async (t: TestContext) => {
  const file = path.join(shared, "weights/resnet20-12fca82f.th");
  if (!existsSync(file)) return t.skip(`no ${file}`);
  if (nativeSkip) return t.skip(nativeSkip);
  const archive = path.join(shared, "cifar-10-batches-bin/test_batch.bin.xz");
  const unpacked = spawnSync("xz", ["-dc", archive], { maxBuffer: 1 << 26 });
  if (unpacked.error) return t.skip("the command xz is not installed");
  const { images, labels } = readRecords(unpacked.stdout);
  const { description, state } = importWeights(await readWeights(file), {
    model: "cifar-resnet20",
    file,
  });
  const model = createModel("cifar-resnet20", { classes: 10, channels: 3 });
  const executor = new NativeExecutor();
  try {
    writeModelState(executor, model, state);
    const source = residentSource(executor, "test", { images, labels }, description.normalise);
    const { accuracy } = await createEvaluator(executor, model, source, 500)();
    assert.deepEqual(labels.shape, [10_000]);
    assert.ok(Math.abs(accuracy - 0.9173) <= 0.0005, `accuracy ${accuracy}`);
  } finally {
    await executor.close();
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
