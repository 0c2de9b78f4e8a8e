// What every executor promises besides numbers: state, inputs, queues, errors.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Executor } from "../../src/executors/executor.js";
import { widen } from "../../src/executors/reference/reference-executor.js";
import { graphOf } from "../../src/graph/graph.js";
import { input, state } from "../../src/graph/tensor.js";
import { add } from "../../src/ops/add.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { relu } from "../../src/ops/relu.js";
import { sgdOp } from "../../src/ops/sgd.js";
import { plan } from "../../src/planner/plan.js";
import type { Program } from "../../src/program/program.js";
import { encodeBf16 } from "../../src/tensor/bf16.js";
import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import { sizeOf } from "../../src/tensor/shape.js";
import { executorsUnderTest } from "../helpers/executors.js";

/** `w ← w − rate · x`, and `y = x + x`. */
function stepProgram(): Program {
  const x = input("x", [3]);
  const w = state("w", [3]);
  const attrs = { nesterov: false, weightDecay: 0, rateFactor: 1 };
  const operands = { parameter: w, gradient: x, learningRate: input("rate", []) };
  const { newParameter } = sgdOp.trace(operands, attrs);
  return plan("step", graphOf({ y: add(x, x) }, new Map([[w, newParameter]])));
}

/** `y = relu(w)`. */
const readProgram = (): Program => plan("read", graphOf({ y: relu(state("w", [3])) }));

const x = hostArray([3], [1, 2, 3]);

for (const { name, create } of executorsUnderTest) {
  const withExecutor = (body: (executor: Executor) => Promise<void>) => async (): Promise<void> => {
    const executor = create();
    try {
      await body(executor);
    } finally {
      await executor.close();
    }
  };

  describe(`executor ${name}`, () => {
    test(
      "makes the state that a program names, zero-filled, and shares it between programs",
      withExecutor(async (executor) => {
        const step = executor.load(stepProgram());
        assert.deepEqual([...executor.states()], [["w", { shape: [3], dtype: "f32" }]]);
        assert.deepEqual(executor.read("w"), hostArray([3]));
        await step.run({ x, rate: -2 });
        const { y } = await executor.load(readProgram()).run();
        assert.deepEqual(y, hostArray([3], [2, 4, 6]));
      }),
    );

    // The native executor keeps the filters of the second transformed.
    for (const { dtype, map, kernel } of [
      { dtype: "f32", map: [1, 1, 1, 1], kernel: [1, 1, 1, 1] },
      { dtype: "f32", map: [16, 16, 1, 32], kernel: [3, 3, 32, 32] },
      { dtype: "bf16", map: [1, 1, 1, 1], kernel: [1, 1, 1, 1] },
    ] as const) {
      test(
        `computes with the weights as they are now, however they were written, ${dtype}, ${kernel.join("×")}`,
        withExecutor(async (executor) => {
          const shape = [...kernel];
          const w = state("w", shape);
          const convolution = graphOf({ y: conv2d(input("x", [...map], dtype), w) });
          const convolve = executor.load(plan("convolve", convolution));
          const attrs = { nesterov: false, weightDecay: 0, rateFactor: 1 };
          const gradient = input("gradient", shape);
          const operands = { parameter: w, gradient, learningRate: input("rate", []) };
          const { newParameter } = sgdOp.trace(operands, attrs);
          const update = executor.load(plan("update", graphOf({}, new Map([[w, newParameter]]))));
          const all = (of: readonly number[], value: number): HostArray =>
            hostArray([...of], new Array<number>(sizeOf(of)).fill(value));
          const twos = all(map, 2);
          const image =
            dtype === "bf16" ? hostArray([...map], encodeBf16([...twos.data]), dtype) : twos;
          // Every y is the sum of as many products, 2 · w each.
          const products = kernel[0] * kernel[1] * kernel[2];
          const result = async (): Promise<number[]> => {
            const { data } = widen((await convolve.run({ x: image }))["y"]!);
            return [...new Set(Array.from(data, (y) => y / products))];
          };
          executor.write("w", all(shape, 3));
          assert.deepEqual([await result(), await result()], [[6], [6]]);
          executor.write("w", all(shape, 5));
          assert.deepEqual(await result(), [10]);
          await update.run({ gradient: all(shape, 2), rate: 1 });
          assert.deepEqual(await result(), [6]);
        }),
      );
    }

    test(
      "knows how long the instructions of the last run took",
      withExecutor(async (executor) => {
        const step = executor.load(stepProgram());
        await step.run({ x, rate: 1 });
        const times = step.nanoseconds();
        assert.equal(times.length, step.program.instructions.length);
        assert.ok(times.every((time) => time >= 0) && times.some((time) => time > 0));
      }),
    );

    test(
      "copies what is written and read",
      withExecutor(async (executor) => {
        const values = hostArray([3], [1, 2, 3]);
        executor.write("w", values);
        values.data[0] = 9;
        executor.read("w").data[1] = 9;
        assert.deepEqual(executor.read("w"), hostArray([3], [1, 2, 3]));
        await Promise.resolve();
      }),
    );

    test(
      "gives outputs that later runs leave alone",
      withExecutor(async (executor) => {
        const step = executor.load(stepProgram());
        const first = await step.run({ x, rate: 0 });
        await step.run({ x: hostArray([3]), rate: 0 });
        assert.deepEqual(first["y"], hostArray([3], [2, 4, 6]));
      }),
    );

    test(
      "state is neither read nor written while a program runs or waits to",
      withExecutor(async (executor) => {
        const step = executor.load(stepProgram());
        executor.write("w", hostArray([3]));
        const isBusy = {
          name: "ResnetError",
          code: "ERR_BUSY",
          message: /"w".*while a program runs/,
        };
        const runs = [step.run({ x, rate: -1 }), step.run({ x, rate: -1 })];
        assert.throws(() => executor.write("w", hostArray([3], [7, 7, 7])), isBusy);
        assert.throws(() => executor.read("w"), isBusy);
        await runs[0];
        assert.throws(() => executor.read("w"), isBusy);
        await runs[1];
        assert.deepEqual(executor.read("w"), hostArray([3], [2, 4, 6]));
        await assert.rejects(step.run({ x }), { code: "ERR_INPUT" });
        executor.write("w", x); // a run that failed is over too
      }),
    );

    test(
      "queues runs in the order of the calls",
      withExecutor(async (executor) => {
        const step = executor.load(stepProgram());
        const read = executor.load(readProgram());
        const results = [];
        for (let i = 0; i < 5; i++) {
          void step.run({ x, rate: -1 });
          results.push(read.run());
        }
        const values = (await Promise.all(results)).map(({ y }) => y!.data[0]);
        assert.deepEqual(values, [1, 2, 3, 4, 5]);
      }),
    );

    test(
      "runs on after a run that failed",
      withExecutor(async (executor) => {
        const step = executor.load(stepProgram());
        const failed = step.run({ x });
        const next = step.run({ x, rate: -1 });
        await assert.rejects(failed, { code: "ERR_INPUT" });
        assert.deepEqual((await next)["y"], hostArray([3], [2, 4, 6]));
      }),
    );

    test(
      "refuses inputs that are missing, unknown, or of another shape or dtype",
      withExecutor(async (executor) => {
        const step = executor.load(stepProgram());
        const refused: readonly Readonly<Record<string, typeof x | number>>[] = [
          { x },
          { x, rate: 1, momentum: 1 },
          { x: hostArray([4]), rate: 1 },
          { x: hostArray([3, 1]), rate: 1 },
          { x: hostArray([3], [1, 2, 3], "i32") as never, rate: 1 },
          { x: 1, rate: 1 },
        ];
        for (const inputs of refused) {
          await assert.rejects(step.run(inputs), { name: "ResnetError", code: "ERR_INPUT" });
        }
        assert.deepEqual(executor.read("w"), hostArray([3]), "none of them ran");
      }),
    );

    test(
      "refuses state of an unknown name, or of another shape or dtype",
      withExecutor(async (executor) => {
        executor.write("w", hostArray([3]));
        const error = { name: "ResnetError", code: "ERR_STATE" };
        assert.throws(() => executor.read("v"), error);
        assert.throws(() => executor.write("w", hostArray([4])), error);
        assert.throws(() => executor.write("w", hostArray([3], undefined, "i32")), error);
        const other = plan("other", graphOf({ y: relu(state("w", [2])) }));
        assert.throws(() => executor.load(other), error);
        await Promise.resolve();
      }),
    );

    test(
      "refuses programs that do not verify",
      withExecutor(async (executor) => {
        const good = readProgram();
        const error = { name: "ResnetError", code: "ERR_PROGRAM" };
        const instruction = good.instructions[0]!;
        const bad: readonly Program[] = [
          { ...good, arenaBytes: 0 },
          { ...good, outputs: { y: 9 } },
          { ...good, instructions: [{ ...instruction, op: "gelu" }] },
          { ...good, instructions: [{ ...instruction, inputs: { x: -1 } }] },
        ];
        for (const program of bad) assert.throws(() => executor.load(program), error);
        await Promise.resolve();
      }),
    );

    test("a run in progress ends before it is closed; then nothing works any more", async () => {
      const executor = create();
      const step = executor.load(stepProgram());
      const last = step.run({ x, rate: 1 });
      await executor.close();
      assert.deepEqual((await last)["y"], hostArray([3], [2, 4, 6]));
      const error = { name: "ResnetError", code: "ERR_CLOSED" };
      assert.throws(() => executor.read("w"), error);
      assert.throws(() => executor.write("w", x), error);
      assert.throws(() => executor.load(readProgram()), error);
      await assert.rejects(async () => step.run({ x, rate: 1 }), error);
    });

    test(
      "says what it is",
      withExecutor(async (executor) => {
        assert.equal(executor.name, name.split(" ")[0]);
        assert.match(
          executor.description,
          /^(reference, plain TypeScript, 1|native, .*, 2) thread/,
        );
        await Promise.resolve();
      }),
    );
  });
}
