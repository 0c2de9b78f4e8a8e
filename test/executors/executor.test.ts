// What every executor promises besides numbers: state, inputs, queues, errors.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Executor } from "../../src/executors/executor.js";
import { widen } from "../../src/executors/reference/execute.js";
import { graphOf } from "../../src/graph/graph.js";
import { input, state } from "../../src/graph/tensor.js";
import { add } from "../../src/ops/add.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { relu } from "../../src/ops/relu.js";
import { sgdOp } from "../../src/ops/sgd.js";
import { scopeOf } from "../../src/executors/scope.js";
import { plan } from "../../src/planner/plan.js";
import type { Program } from "../../src/program/program.js";
import { encodeBf16 } from "../../src/tensor/bf16.js";
import type { ResnetError } from "../../src/tensor/error.js";
import { hostArray, type HostArray } from "../../src/tensor/host-array.js";
import { sizeOf } from "../../src/tensor/shape.js";
import { executorsUnderTest } from "../helpers/executors.js";
import { webgpuExecutors } from "../helpers/webgpu.js";

/** `w ← w − rate · x`, and `y = x + x`. */
function stepProgram(): Program {
  const x = input("x", [3]);
  const w = state("w", [3]);
  const attrs = { nesterov: false, weightDecay: 0, lrScale: 1 };
  const operands = { parameter: w, gradient: x, learningRate: input("rate", []) };
  const { newParameter } = sgdOp.trace(operands, attrs);
  return plan("step", graphOf({ y: add(x, x) }, new Map([[w, newParameter]])));
}

/** `y = relu(w)`. */
const readProgram = (): Program => plan("read", graphOf({ y: relu(state("w", [3])) }));

const x = hostArray([3], [1, 2, 3]);

for (const { name, create } of [...executorsUnderTest, ...webgpuExecutors]) {
  const withExecutor = (body: (executor: Executor) => Promise<void>) => async (): Promise<void> => {
    const executor = await create();
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
        const step = await executor.load(stepProgram());
        assert.deepEqual([...executor.states()], [["w", { shape: [3], dtype: "f32" }]]);
        assert.deepEqual(await executor.read("w"), hostArray([3]));
        await step.run({ x, rate: -2 });
        const { y } = await (await executor.load(readProgram())).run();
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
          const convolve = await executor.load(plan("convolve", convolution));
          const attrs = { nesterov: false, weightDecay: 0, lrScale: 1 };
          const gradient = input("gradient", shape);
          const operands = { parameter: w, gradient, learningRate: input("rate", []) };
          const { newParameter } = sgdOp.trace(operands, attrs);
          const update = await executor.load(
            plan("update", graphOf({}, new Map([[w, newParameter]]))),
          );
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
          await executor.write("w", all(shape, 3));
          assert.deepEqual([await result(), await result()], [[6], [6]]);
          await executor.write("w", all(shape, 5));
          assert.deepEqual(await result(), [10]);
          await update.run({ gradient: all(shape, 2), rate: 1 });
          assert.deepEqual(await result(), [6]);
        }),
      );
    }

    test(
      "knows how long the instructions of the last run took",
      withExecutor(async (executor) => {
        const step = await executor.load(stepProgram());
        await step.run({ x, rate: 1 });
        const times = await step.nanoseconds();
        assert.equal(times.length, step.program.instructions.length);
        assert.ok(times.every((time) => time >= 0) && times.some((time) => time > 0));
      }),
    );

    test(
      "copies what is written and read",
      withExecutor(async (executor) => {
        const values = hostArray([3], [1, 2, 3]);
        await executor.write("w", values);
        values.data[0] = 9;
        (await executor.read("w")).data[1] = 9;
        assert.deepEqual(await executor.read("w"), hostArray([3], [1, 2, 3]));
        await Promise.resolve();
      }),
    );

    test(
      "gives outputs that later runs leave alone",
      withExecutor(async (executor) => {
        const step = await executor.load(stepProgram());
        const first = await step.run({ x, rate: 0 });
        await step.run({ x: hostArray([3]), rate: 0 });
        assert.deepEqual(first["y"], hostArray([3], [2, 4, 6]));
      }),
    );

    test(
      "calls go in their order: a read sees what the runs before it wrote, a run what was written before it",
      withExecutor(async (executor) => {
        const step = await executor.load(stepProgram());
        const written = hostArray([3], [7, 7, 7]);
        const calls = [
          executor.write("w", hostArray([3])),
          step.run({ x, rate: -1 }),
          executor.read("w"),
          executor.write("w", written),
          step.run({ x, rate: -1 }),
          executor.read("w"),
        ] as const;
        written.data.fill(100); // the executor has taken the values
        assert.deepEqual(await calls[2], hostArray([3], [1, 2, 3]));
        assert.deepEqual(await calls[5], hostArray([3], [8, 9, 10]));
        await Promise.all(calls);
      }),
    );

    test(
      "a run that waits takes the inputs that it was called with",
      withExecutor(async (executor) => {
        const step = await executor.load(stepProgram());
        const changing = hostArray([3], [1, 2, 3]);
        const runs = [1, 2].map(() => step.run({ x: changing, rate: 0 }));
        changing.data.fill(100);
        for (const outputs of runs)
          assert.deepEqual((await outputs)["y"], hostArray([3], [2, 4, 6]));
      }),
    );

    test(
      "queues runs in the order of the calls",
      withExecutor(async (executor) => {
        const step = await executor.load(stepProgram());
        const read = await executor.load(readProgram());
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
        const step = await executor.load(stepProgram());
        const failed = step.run({ x });
        const next = step.run({ x, rate: -1 });
        await assert.rejects(failed, { code: "ERR_INPUT" });
        assert.deepEqual((await next)["y"], hostArray([3], [2, 4, 6]));
      }),
    );

    test(
      "refuses inputs that are missing, unknown, or of another shape or dtype",
      withExecutor(async (executor) => {
        const step = await executor.load(stepProgram());
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
        assert.deepEqual(await executor.read("w"), hostArray([3]), "none of them ran");
      }),
    );

    test(
      "refuses state of an unknown name, or of another shape or dtype",
      withExecutor(async (executor) => {
        await executor.write("w", hostArray([3]));
        const error = { name: "ResnetError", code: "ERR_STATE" };
        await assert.rejects(executor.read("v"), error);
        await assert.rejects(executor.write("w", hostArray([4])), error);
        await assert.rejects(executor.write("w", hostArray([3], undefined, "i32")), error);
        const other = plan("other", graphOf({ y: relu(state("w", [2])) }));
        await assert.rejects(executor.load(other), error);
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
        for (const program of bad) await assert.rejects(executor.load(program), error);
        await Promise.resolve();
      }),
    );

    test(
      "a program that is refused changes nothing",
      withExecutor(async (executor) => {
        await executor.write("w", x);
        const before = [...executor.states()];
        const ghost = plan("ghost", graphOf({ y: relu(state("ghost", [3])) }));
        const [instruction] = ghost.instructions;
        const arena = { shape: [3], dtype: "f32", place: "arena", offset: 0 } as const;
        const clash = { shape: [2], dtype: "f32", place: "state", name: "w" } as const;
        const refused: readonly (readonly [Program, string])[] = [
          // Reads a buffer that nothing wrote.
          [
            { ...ghost, buffers: [...ghost.buffers, arena], outputs: { y: 2 }, arenaBytes: 64 },
            "ERR_PROGRAM",
          ],
          // Its op does not exist.
          [{ ...ghost, instructions: [{ ...instruction!, op: "gelu" }] }, "ERR_PROGRAM"],
          // Its op lacks an operand.
          [{ ...ghost, instructions: [{ ...instruction!, inputs: {} }] }, "ERR_PROGRAM"],
          // Another of its states exists in another shape.
          [{ ...ghost, buffers: [...ghost.buffers, clash] }, "ERR_STATE"],
        ];
        for (const [program, code] of refused) {
          await assert.rejects(executor.load(program), { name: "ResnetError", code });
          assert.deepEqual([...executor.states()], before);
          await executor.write("ghost", hostArray([2])); // the engine has kept no state of another shape
          await executor.remove("ghost");
        }
        assert.deepEqual(await executor.read("w"), x);
      }),
    );

    test("closing rejects the run in progress and those that wait; then nothing works any more", async () => {
      const executor = await create();
      const step = await executor.load(stepProgram());
      const error = { name: "ResnetError", code: "ERR_CLOSED" };
      const calls = [
        step.run({ x, rate: 1 }),
        step.run({ x, rate: 1 }),
        executor.read("w"),
        executor.write("w", x),
        executor.load(readProgram()),
        step.nanoseconds(),
      ];
      const rejections = calls.map((call) => assert.rejects(call, error));
      await executor.close();
      await Promise.all(rejections);
      await assert.rejects(executor.read("w"), error);
      await assert.rejects(executor.write("w", x), error);
      await assert.rejects(executor.load(readProgram()), error);
      await assert.rejects(executor.remove("w"), error);
      await assert.rejects(step.run({ x, rate: 1 }), error);
      assert.throws(() => executor.states(), error);
      await executor.close(); // a second time does no harm
    });

    test(
      "a program can be closed; its states stay, and can be removed when no program uses them",
      withExecutor(async (executor) => {
        const step = await executor.load(stepProgram());
        const read = await executor.load(readProgram());
        await step.run({ x, rate: -1 });
        await assert.rejects(executor.remove("w"), {
          code: "ERR_STATE",
          message: /the program step uses the state "w"/,
        });
        const last = step.run({ x, rate: -1 });
        await step.close();
        await step.close();
        assert.deepEqual((await last)["y"], hostArray([3], [2, 4, 6]));
        await assert.rejects(step.run({ x, rate: 1 }), {
          code: "ERR_CLOSED",
          message: "the program step is closed",
        });
        assert.deepEqual((await read.run())["y"], hostArray([3], [2, 4, 6]));
        await assert.rejects(executor.remove("w"), {
          code: "ERR_STATE",
          message: /the program read uses/,
        });
        await read.close();
        await executor.remove("w");
        assert.equal(executor.states().size, 0);
        await assert.rejects(executor.read("w"), { code: "ERR_STATE" });
        await executor.write("w", hostArray([2])); // another shape: the name is free
        assert.deepEqual(await executor.read("w"), hostArray([2]));
      }),
    );

    test(
      "two models share an executor, each with states in a scope of its own",
      withExecutor(async (executor) => {
        await executor.write("w", x);
        const [a, b] = [scopeOf(executor), scopeOf(executor)];
        const steps = [await a.load(stepProgram()), await b.load(stepProgram())];
        await Promise.all(steps.map((step, i) => step.run({ x, rate: -1 - i })));
        assert.deepEqual(await a.read("w"), hostArray([3], [1, 2, 3]));
        assert.deepEqual(await b.read("w"), hostArray([3], [2, 4, 6]));
        assert.deepEqual([...a.states()], [["w", { shape: [3], dtype: "f32" }]]);
        assert.deepEqual(steps[0]!.program, stepProgram());
        await a.close();
        await assert.rejects(a.read("w"), { code: "ERR_CLOSED" });
        assert.deepEqual(await b.read("w"), hostArray([3], [2, 4, 6]));
        assert.deepEqual(await executor.read("w"), x);
        assert.equal(executor.states().size, 2);
      }),
    );

    test(
      "a scope that is closed during calls rejects them and leaves nothing behind",
      withExecutor(async (executor) => {
        const scope = scopeOf(executor);
        const calls = [scope.load(stepProgram()), scope.write("v", x), scope.read("v")];
        const results = Promise.allSettled(calls);
        await Promise.all([scope.close(), scope.close()]);
        for (const result of await results) {
          assert.equal(result.status, "rejected");
          assert.equal((result.reason as ResnetError).code, "ERR_CLOSED");
        }
        assert.equal(executor.states().size, 0);
        await assert.rejects(scope.load(stepProgram()), {
          code: "ERR_CLOSED",
          message: "the scope is closed",
        });
        assert.equal(executor.states().size, 0);
      }),
    );

    test(
      "says what it is",
      withExecutor(async (executor) => {
        assert.equal(executor.name, name.split(" ")[0]);
        assert.match(
          executor.description,
          /^(reference, plain TypeScript, 1 thread|native, .*, 2 threads|webgpu, .+)$/,
        );
        await Promise.resolve();
      }),
    );
  });
}
