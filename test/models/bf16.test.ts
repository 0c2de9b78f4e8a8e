// Whole networks in bf16: against the same network in float32, and against PyTorch under autocast.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { autocastFixture, networkFixture } from "../helpers/fixtures.js";
import { executorsUnderTest, nativeExecutors, reference } from "../helpers/executors.js";
import { NetworkRun } from "../helpers/network-run.js";

/** L2 norm of the difference, over that of b. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let apart = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    apart += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  return Math.sqrt(apart / size);
}

for (const { name, create } of executorsUnderTest) {
  describe(`bf16 on ${name}`, () => {
    // Plain loops take seconds for ResNet-18.
    for (const network of name === reference.name
      ? ["resnet50-narrow"]
      : ["resnet18", "resnet50-narrow"]) {
      test(`gradients of ${network} are near those of float32`, async (t) => {
        const of = async (dtype: "f32" | "bf16") => {
          const executor = create();
          t.after(() => executor.close());
          return new NetworkRun(network, executor, dtype).gradients();
        };
        const [full, half] = [await of("f32"), await of("bf16")];
        // Over a batch of 8 or less, batch norm magnifies what bf16 rounds off, PyTorch's as well as ours. Both
        // draw from one distribution: over all parameters they agree to a few percent, one by one to a factor.
        const { gradients } = autocastFixture(network);
        const theirs = gradients.reduce((sum, each) => sum + each.distance, 0) / gradients.length;
        let ours = 0;
        for (const { name: parameter, distance: peer } of gradients) {
          const { dtype, data } = half.get(parameter)!;
          assert.equal(dtype, "f32", parameter);
          const apart = distance(data, full.get(parameter)!.data);
          assert.ok(apart < 2 * Math.max(peer, theirs), `${parameter}: ${apart}, PyTorch ${peer}`);
          ours += apart / gradients.length;
        }
        assert.ok(ours < 1.15 * theirs, `mean ${ours}, PyTorch ${theirs}`);
      });
    }
  });
}

for (const { name, create } of nativeExecutors) {
  test(`ten losses of ResNet-18 beside PyTorch's autocast, ${name}`, async (t) => {
    const executor = create();
    t.after(() => executor.close());
    const { steps } = networkFixture("resnet18");
    const losses = await new NetworkRun("resnet18", executor, "bf16").lossesOf(steps);
    const { fp32, bf16 } = autocastFixture("resnet18");
    const theirs = Math.max(...fp32.map((loss, i) => Math.abs(bf16[i]! - loss)));
    losses.forEach((loss, i) => {
      const apart = Math.abs(loss - fp32[i]!);
      assert.ok(
        apart < 2 * theirs,
        `step ${i + 1}: ${loss}, float32 ${fp32[i]}, autocast ${bf16[i]}`,
      );
    });
  });
}
