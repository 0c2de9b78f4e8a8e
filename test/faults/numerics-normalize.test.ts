// Images are normalized as torchvision's ToTensor and Normalize do it, to the bit.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ingest } from "../../src/ops/ingest.js";
import { decodeBf16, roundToBf16 } from "../../src/tensor/bf16.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { executorsUnderTest } from "../helpers/executors.js";
import { normalizeRows } from "../helpers/fixtures.js";
import { runOps } from "../helpers/run.js";

for (const { name: executorName, create } of executorsUnderTest) {
  describe(`on ${executorName}`, () => {
    for (const { name, mean, std, expected } of normalizeRows()) {
      test(`every byte becomes the float that torchvision makes of it, normalized as ${name}`, async (t) => {
        const executor = create();
        t.after(() => executor.close());
        const c = mean.length;
        // One image of 16 x 16: pixel i has the byte i in all its channels.
        const bytes = Uint8Array.from({ length: 256 * c }, (_, i) => Math.floor(i / c));
        const inputs = {
          images: hostArray([1, 16, 16, c], bytes, "u8"),
          indices: hostArray([1], [0], "i32"),
        };
        const { x, half } = await runOps(
          ({ images, indices }) => ({
            x: ingest(images!, indices!, { mean, std }),
            half: ingest(images!, indices!, { mean, std }, "bf16"),
          }),
          inputs,
          { executor },
        );
        const inOrder = Float32Array.from(
          { length: 256 * c },
          (_, i) => expected[(i % c) * 256 + Math.floor(i / c)]!,
        );
        assert.deepEqual(x!.data, inOrder);
        assert.deepEqual(decodeBf16(half!.data as Uint16Array), roundToBf16(inOrder));
      });
    }
  });
}
