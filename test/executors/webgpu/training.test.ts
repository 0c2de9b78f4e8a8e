// Training on the WebGPU executor: beside PyTorch's numbers, beside the reference executor, and across executors.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Executor } from "../../../src/executors/executor.js";
import { ReferenceExecutor } from "../../../src/executors/reference/reference-executor.js";
import type { HostArray } from "../../../src/tensor/host-array.js";
import type { Callback } from "../../../src/train/callbacks.js";
import { randomConfig } from "../../helpers/random-dataset.js";
import { NetworkRun } from "../../helpers/network-run.js";
import { DroppingModel } from "../../helpers/tiny-model.js";
import { trainOn, type TrainedOn } from "../../helpers/train-on.js";
import { createWebGpu, webgpuSkip } from "../../helpers/webgpu.js";

const losses = ({ steps }: TrainedOn): number[] => steps.map(({ loss }) => loss);

/** Both executors round every sum in their own way, and each step carries the differences on. */
function assertNear(actual: readonly number[], expected: readonly number[], rtol: number): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((loss, i) => {
    const off = Math.abs(loss / expected[i]! - 1);
    assert.ok(off < rtol, `step ${i + 1}: ${loss} instead of ${expected[i]}, off by ${off}`);
  });
}

describe("training on webgpu", { skip: webgpuSkip || false }, () => {
  for (const precision of ["fp32", "bf16"] as const) {
    test(`20 steps with dropout have the losses of the reference executor, ${precision}`, async (t) => {
      const config = randomConfig({ epochs: 7, optimizer: "adam", precision });
      const run = async (executor: Executor): Promise<number[]> => {
        t.after(() => executor.close());
        return losses(await trainOn(executor, config, new DroppingModel()));
      };
      const expected = await run(new ReferenceExecutor());
      assert.ok(expected.length >= 20, `${expected.length} steps`);
      // bf16 rounds to 8 bits, where neighbours are 2^-8 apart.
      assertNear(await run(await createWebGpu()), expected, precision === "fp32" ? 1e-4 : 2e-2);
    });
  }

  test("sizes as constants of the kernels give the bits of sizes as uniforms", async (t) => {
    const runs = [];
    for (const shapes of ["constants", "uniforms"] as const) {
      const executor = await createWebGpu({ shapes });
      t.after(() => executor.close());
      runs.push(losses(await trainOn(executor, randomConfig(), new DroppingModel())));
    }
    assertNear(runs[0]!, runs[1]!, 1e-5);
  });

  test("a run begins on the processor and goes on on the GPU", async (t) => {
    const config = randomConfig({ epochs: 2, optimizer: "adam" });
    const processor = new ReferenceExecutor();
    const [first, second] = [new ReferenceExecutor(), await createWebGpu()];
    t.after(() => Promise.all([processor, first, second].map((executor) => executor.close())));
    const expected = losses(await trainOn(processor, config, new DroppingModel()));

    const model = new DroppingModel();
    const states = new Map<string, HostArray>();
    const stop: Callback = {
      onStep: ({ epoch, step }, training) => epoch === 1 && step === 2 && training.stop(),
      async onStop({ session: { executor } }) {
        for (const key of executor.states().keys()) states.set(key, await executor.read(key));
      },
    };
    const begun = await trainOn(first, config, model, { callbacks: [stop] });
    const copy: Callback = {
      async onSetUp({ session: { executor } }) {
        for (const [key, array] of states) await executor.write(key, array);
      },
    };
    const { progress, epochs } = begun;
    const from = { progress, epochs };
    const rest = await trainOn(second, config, model, { from, callbacks: [copy] });
    assertNear([...losses(begun), ...losses(rest)], expected, 1e-4);
  });

  test("the narrow ResNet-50 has PyTorch's logits, loss, gradients and ten losses", async (t) => {
    const executor = await createWebGpu();
    t.after(() => executor.close());
    const run = await NetworkRun.start("resnet50-narrow", executor);
    await run.firstStep();
    await run.otherSteps();
  });
});
