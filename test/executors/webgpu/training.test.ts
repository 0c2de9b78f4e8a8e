// Training on the WebGPU executor: beside PyTorch's numbers, beside the reference executor, and across executors.
import assert from "node:assert/strict";
import path from "node:path";
import { describe, test } from "node:test";
import type { Executor } from "../../../src/executors/executor.js";
import { ReferenceExecutor } from "../../../src/executors/reference/reference-executor.js";
import type { WebGpuExecutor } from "../../../src/executors/webgpu/webgpu-executor.js";
import { train } from "../../../src/node/train/train.js";
import type { HostArray } from "../../../src/tensor/host-array.js";
import type { Callback, TrainResult } from "../../../src/train/callbacks.js";
import { randomConfig } from "../../helpers/random-dataset.js";
import { NetworkRun } from "../../helpers/network-run.js";
import { scratchFolder } from "../../helpers/scratch-folder.js";
import { DroppingModel } from "../../helpers/tiny-model.js";
import { tinyData, trainOn, type TrainedOn } from "../../helpers/train-on.js";
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

  for (const precision of ["fp32", "bf16"] as const) {
    test(`a training repeats bit for bit, ${precision}`, async (t) => {
      const config = randomConfig({ optimizer: "adam", clipNorm: 1, precision });
      const train = async (): Promise<TrainedOn> => {
        const executor = await createWebGpu();
        t.after(() => executor.close());
        return trainOn(executor, config, new DroppingModel());
      };
      const [first, second] = [await train(), await train()];
      assert.deepEqual(losses(first), losses(second));
      assert.deepEqual(first.state, second.state);
    });
  }

  test("a run whose GPU is lost goes on from its checkpoint, to the same bits", async (t) => {
    const config = randomConfig({ epochs: 3, saveEvery: 1 });
    const open = async (): Promise<WebGpuExecutor> => {
      const executor = await createWebGpu();
      t.after(() => executor.close());
      return executor;
    };
    const model = (): DroppingModel => new DroppingModel();
    const whole = await train(config, tinyData(), { executor: await open(), model: model() });

    const folder = path.join(scratchFolder(t), "run");
    const executor = await open();
    const lose: Callback = {
      onStep({ epoch, step }) {
        if (epoch === 1 && step === 2) executor.gpu.device.destroy();
      },
    };
    await assert.rejects(
      train(config, tinyData(), { executor, model: model(), out: folder, callbacks: [lose] }),
      { code: "ERR_DEVICE", message: /^the GPU was lost .*--resume$/ },
    );
    const rest = { executor: await open(), model: model(), resume: folder };
    const resumed = await train(config, tinyData(), rest);
    const curve = ({ epochs }: TrainResult) =>
      epochs.map(({ trainLoss, validLoss }) => [trainLoss, validLoss]);
    assert.equal(resumed.epochs.length, 3);
    assert.deepEqual(curve(resumed), curve(whole));
  });

  for (const name of ["resnet18", "resnet50-narrow"]) {
    test(`${name} has PyTorch's logits, loss, gradients and ten losses`, async (t) => {
      const executor = await createWebGpu();
      t.after(() => executor.close());
      const run = await NetworkRun.start(name, executor);
      await run.firstStep();
      await run.otherSteps();
    });
  }
});
