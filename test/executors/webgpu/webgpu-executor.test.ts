// What the WebGPU executor promises besides what every executor does.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Executor } from "../../../src/executors/executor.js";
import { widen } from "../../../src/executors/reference/execute.js";
import { requestAdapter } from "../../../src/executors/webgpu/request-adapter.js";
import type {
  WebGpuExecutor,
  WebGpuExecutorOptions,
} from "../../../src/executors/webgpu/webgpu-executor.js";
import { graphOf } from "../../../src/graph/graph.js";
import { input, state, type Tensor } from "../../../src/graph/tensor.js";
import { openDawn } from "../../../src/node/webgpu/dawn.js";
import { add } from "../../../src/ops/add.js";
import { gatherLabels } from "../../../src/ops/gather-labels.js";
import { relu } from "../../../src/ops/relu.js";
import { softmaxCrossEntropy } from "../../../src/ops/softmax-cross-entropy.js";
import { squaredNorm } from "../../../src/ops/squared-norm.js";
import { lower, plan } from "../../../src/planner/plan.js";
import { encodeBf16 } from "../../../src/tensor/bf16.js";
import { hostArray } from "../../../src/tensor/host-array.js";
import { createWebGpu, webgpuSkip, withLimits } from "../../helpers/webgpu.js";

const withWebGpu =
  (body: (executor: Executor) => Promise<void>, options?: WebGpuExecutorOptions) =>
  async (): Promise<void> => {
    const executor = await createWebGpu(options);
    try {
      await body(executor);
    } finally {
      await executor.close();
    }
  };

describe("the WebGPU executor", { skip: webgpuSkip || false }, () => {
  test(
    "computes in an arena that is cut into several buffers",
    withWebGpu(
      async (executor) => {
        // Four values of 1 KiB live at once; a buffer holds two.
        const x = input("x", [256]);
        const values = [relu(x), add(x, x), add(relu(x), x)];
        const sum = add(add(values[0]!, values[1]!), values[2]!);
        const graph = graphOf({ a: values[0]!, b: values[1]!, c: values[2]!, sum });
        const program = plan("cut", graph, executor.traits);
        assert.ok(program.arenaBytes > 2048, String(program.arenaBytes));
        const outputs = await (
          await executor.load(program)
        ).run({
          x: hostArray(
            [256],
            Float32Array.from({ length: 256 }, (_, i) => i - 100),
          ),
        });
        // At −100: 0, −200, −100 and their sum; at 100: 100, 200, 200.
        const at = (i: number) => ["a", "b", "c", "sum"].map((name) => outputs[name]!.data[i]);
        assert.deepEqual(at(0), [0, -200, -100, -300]);
        assert.deepEqual(at(200), [100, 200, 200, 500]);
      },
      { maxBufferBytes: 2048 },
    ),
  );

  test(
    "refuses indices and labels before anything runs",
    withWebGpu(async (executor) => {
      const labels = gatherLabels(state("labels", [3], "i32"), input("indices", [2], "i32"));
      const { loss } = softmaxCrossEntropy(input("logits", [2, 2]), labels);
      const program = await executor.load(plan("loss", graphOf({ loss }), executor.traits));
      await executor.write("labels", hostArray([3], [0, 1, 2], "i32"));
      const logits = hostArray([2, 2]);
      const run = (...indices: number[]) =>
        program.run({ logits, indices: hostArray([2], indices, "i32") });
      await assert.rejects(run(0, 3), {
        code: "ERR_INDEX",
        message: "gatherLabels: sample 1 asks for row 3, expected 0 … 2",
      });
      await assert.rejects(run(2, 0), {
        code: "ERR_INDEX",
        message: "softmaxCrossEntropy: sample 0 has label 2, expected 0 … 1",
      });
      const { loss: mean } = await run(0, 1);
      assert.ok(Math.abs(mean!.data[0]! - Math.LN2) < 1e-6, String(mean!.data[0]));
    }),
  );

  for (const dtype of ["f32", "bf16"] as const) {
    test(
      `the host computes ops between those of the GPU, in ${dtype}`,
      withWebGpu(
        async (executor) => {
          const x = input("x", [3], dtype);
          const y = add(relu(add(x, x)), x);
          const graph = graphOf({ y });
          const program = await executor.load(plan("host", graph, executor.traits));
          const values = [-1, 0.5, 3];
          const given =
            dtype === "bf16"
              ? hostArray([3], encodeBf16(values), dtype)
              : hostArray([3], values, dtype);
          const result = (await program.run({ x: given }))["y"]!;
          assert.deepEqual([...widen(result).data], [-1, 1.5, 9]); // max(2x, 0) + x
        },
        { hostOps: ["relu"] },
      ),
    );
  }

  test(
    "keeps nothing of a state that it has no memory for",
    withWebGpu(async (executor) => {
      const { device } = (executor as WebGpuExecutor).gpu;
      const destroyed: string[] = [];
      const createBuffer = device.createBuffer.bind(device);
      device.createBuffer = (descriptor) => {
        const buffer = createBuffer(descriptor);
        const destroy = buffer.destroy.bind(buffer);
        buffer.destroy = () => {
          destroyed.push(buffer.label);
          return destroy();
        };
        return buffer;
      };
      // The device says so only when the buffer is there.
      const popErrorScope = device.popErrorScope.bind(device);
      device.popErrorScope = async () => {
        await popErrorScope();
        return { message: "out of memory" } as GPUError;
      };
      const refused = {
        code: "ERR_MEMORY",
        message: 'the GPU has no memory for the state "w": make the batch smaller',
      };
      await assert.rejects(executor.write("w", hostArray([4])), refused);
      assert.deepEqual(destroyed, ["w"]);
      assert.equal(executor.states().has("w"), false);
      device.popErrorScope = popErrorScope;
      await executor.write("w", hostArray([2], [1, 2]));
      assert.deepEqual([...(await executor.read("w")).data], [1, 2]);
    }),
  );

  for (const { what, spoil, message } of [
    {
      what: "that is lost",
      spoil: (device: GPUDevice) => device.destroy(),
      message:
        /^the GPU was lost \(.*\): start again, and go on from the last checkpoint with --resume$/,
    },
    {
      what: "that reports an error",
      spoil: (device: GPUDevice) => void device.createBuffer({ size: 4, usage: 0x81 }), // MAP_READ | STORAGE
      message:
        /^the GPU reports an error \(.*\): start again, and go on from the last checkpoint with --resume$/,
    },
  ]) {
    test(
      `computes nothing more on a device ${what}`,
      withWebGpu(async (executor) => {
        const graph = graphOf({ y: relu(input("x", [3])) });
        const program = await executor.load(plan("lost", graph, executor.traits));
        await executor.write("w", hostArray([1], [7]));
        const x = hostArray([3], [-1, 0.5, 3]);
        assert.deepEqual([...(await program.run({ x }))["y"]!.data], [0, 0.5, 3]);
        const { device } = (executor as WebGpuExecutor).gpu;
        spoil(device);
        await device.queue.onSubmittedWorkDone().catch(() => undefined);
        const refused = { code: "ERR_DEVICE", message };
        await assert.rejects(program.run({ x }), refused);
        await assert.rejects(program.run({ x }), refused);
        await assert.rejects(executor.read("w"), refused);
        await assert.rejects(executor.load(plan("more", graph, executor.traits)), refused);
      }),
    );
  }

  for (const timestamps of [true, false]) {
    test(`--profile takes the time of each instruction ${timestamps ? "by timestamps" : "by the run, evenly, without timestamps"}`, async (t) => {
      const features = timestamps ? undefined : [];
      const executor = await createWebGpu({ gpu: withLimits(await openDawn(), {}, features) });
      t.after(() => executor.close());
      if (executor.gpu.hasTimestamps !== timestamps) return t.skip("no timestamps here");
      const x = input("x", [1 << 16]);
      // A large instruction and a small one.
      const graph = graphOf({ y: relu(x), loss: squaredNorm([input("small", [1])]) });
      const program = await executor.load(lower("times", graph, executor.traits));
      const inputs = { x: hostArray([1 << 16]), small: hostArray([1], [3]) };
      await program.run(inputs);
      const first = await program.nanoseconds();
      assert.equal(new Set(first).size, 1);
      assert.ok(first[0]! > 0);
      const { loss } = await program.run(inputs);
      assert.deepEqual([...loss!.data], [9]);
      const second = await program.nanoseconds();
      assert.equal(second.length, 2);
      assert.ok(second.every((time) => time >= 0) && second.some((time) => time > 0));
      assert.equal(new Set(second).size, timestamps ? 2 : 1);
    });
  }

  test(
    "tells what the device refuses",
    withWebGpu(async (executor) => {
      const { gpu } = executor as WebGpuExecutor;
      await assert.rejects(
        gpu.scoped("a buffer of two uses", () => gpu.device.createBuffer({ size: 4, usage: 0x81 })),
        { code: "ERR_DEVICE", message: /^the GPU refuses a buffer of two uses \(.+\)$/ },
      );
    }),
  );

  test(
    "gives a reason for a program that it has no memory for",
    withWebGpu(async (executor) => {
      const huge = 1 << 28; // 1 GiB of float32, several times
      const names = Array.from({ length: 64 }, (_, i) => `w${i}`);
      let sum: Tensor = state("w", [huge]);
      for (const name of names) sum = add(sum, state(name, [huge]));
      const program = plan("huge", graphOf({ y: sum }), executor.traits);
      await assert.rejects(executor.load(program), {
        code: "ERR_MEMORY",
        message: "the GPU has no memory for the program huge: make the batch smaller",
      });
    }),
  );
});

test("without WebGPU one sentence says what to do", async () => {
  await assert.rejects(requestAdapter(undefined), {
    name: "UnavailableError",
    code: "ERR_ADAPTER",
    message: "this runtime has no WebGPU: use a browser or a runtime that has it",
  });
  const noAdapter = { requestAdapter: async () => null } as unknown as GPU;
  await assert.rejects(requestAdapter(noAdapter), {
    code: "ERR_ADAPTER",
    message: "WebGPU finds no GPU here: install a driver for Vulkan, Metal or Direct3D 12",
  });
});
