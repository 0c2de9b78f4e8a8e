import assert from "node:assert/strict";
import path from "node:path";
import { describe, test } from "node:test";
import { bytesSource } from "../../src/interop/byte-source.js";
import { readWeights } from "../../src/node/interop/read-weights.js";
import { readTorch } from "../../src/interop/torch/read-torch.js";
import { torchChunks, writeTorch } from "../../src/interop/torch/write-torch.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { packageRoot } from "../helpers/fixtures.js";

describe("writeTorch", () => {
  test("gives back every tensor of a file of PyTorch's, byte for byte and in order", async () => {
    const original = await readWeights(path.join(packageRoot, "test/fixtures/torch/tensors.pth"));
    const written = await writeTorch(original);
    const again = await readTorch(bytesSource(written, "written"));
    assert.deepEqual([...again], [...original]);
    assert.deepEqual(await writeTorch(again), written, "the same tensors give the same bytes");
  });

  test("begins every storage at a multiple of 64 bytes", async () => {
    const arrays = [1, 2, 3].map((value) => hostArray([5], new Array<number>(5).fill(value)));
    const bytes = await writeTorch(new Map(arrays.map((array, i) => [`tensor ${i}`, array])));
    for (const { data } of arrays) {
      const at = Buffer.from(bytes).indexOf(Buffer.from(data.buffer));
      assert.ok(at > 0 && at % 64 === 0, `storage at byte ${at}`);
    }
  });

  test("refuses what a zip archive has no room for, before any tensor is read", () => {
    const read = (): never => assert.fail("a tensor was read");
    const sizes = (rows: number) =>
      new Map([["x", { shape: [rows, 1024], dtype: "f32" } as const]]);
    torchChunks({ specs: sizes(2 ** 20 - 1), read });
    assert.throws(() => torchChunks({ specs: sizes(2 ** 20), read }), {
      code: "ERR_FILE_SIZE",
      message:
        /^the file would take 42949\d{5} bytes, but the zip archive of a PyTorch file holds 4294967295 at most: write safetensors/,
    });
  });

  test("refuses a dtype that has no storage", async () => {
    const tensors = new Map([["x", hostArray([1], [0], "bf16")]]);
    await assert.rejects(writeTorch(tensors), {
      code: "ERR_TORCH_WRITE",
      message: "x is bf16, which is not written",
    });
  });
});
