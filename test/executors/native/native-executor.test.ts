import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it, before } from "node:test";
import { fileURLToPath } from "node:url";
import type { RunInputs, RunOutputs } from "../../../src/executors/executor.js";
import {
  loadAddon,
  nativeCapabilities,
  NativeLoadError,
} from "../../../src/node/native/load-addon.js";
import { NativeExecutor } from "../../../src/node/native/native-executor.js";
import type { Program } from "../../../src/program/program.js";
import { hostArray } from "../../../src/tensor/host-array.js";
import { randomKey, uniform } from "../../../src/tensor/random.js";
import { sizeOf } from "../../../src/tensor/shape.js";
import { randomArray } from "../../helpers/arrays.js";
import { ProgramBuilder, trainingStep } from "./sample-program.js";

const unavailable = (() => {
  try {
    loadAddon();
    return false;
  } catch (error) {
    if (error instanceof NativeLoadError) return "the native engine is not built";
    throw error;
  }
})();

const inputsOf = (batch = 6): RunInputs => ({
  indices: hostArray(
    [batch],
    Array.from({ length: batch }, (_, i) => (7 * i) % 20),
    "i32",
  ),
  labels: hostArray(
    [batch],
    Array.from({ length: batch }, (_, i) => i % 5),
    "i32",
  ),
  key: hostArray([2], [17, 4], "i32"),
  learningRate: 0.1,
  momentum: 0.9,
});

/** Fills every state of the sample from one seed. */
async function initialize(executor: NativeExecutor): Promise<void> {
  for (const [name, { shape, dtype }] of executor.states()) {
    const key = randomKey(5, name);
    const scale = dtype === "u8" ? 256 : 1;
    const shift = dtype === "u8" ? 0 : -0.5;
    const values = Array.from(
      { length: sizeOf(shape) },
      (_, i) => scale * (uniform(key, i) + shift),
    );
    await executor.write(name, hostArray(shape, values, dtype));
  }
}

async function runSample(threads: number, steps = 3, batch = 6): Promise<Buffer> {
  const executor = new NativeExecutor({ threads });
  const program = await executor.load(trainingStep(batch));
  await initialize(executor);
  let logits = new Float32Array();
  for (let step = 0; step < steps; step++) {
    logits = (await program.run(inputsOf(batch)))["logits"]!.data as Float32Array<ArrayBuffer>;
  }
  const stem = (await executor.read("stem")).data;
  await executor.close();
  return Buffer.concat([Buffer.from(logits.buffer), Buffer.from(stem.buffer)]);
}

/**
 * A convolution that takes Winograd's way, with statistics, and its data gradient. One thread has so many
 * rows that each block is a task; for more threads, each step of all rows is cut into tasks.
 */
async function runWinograd(threads: number): Promise<RunOutputs> {
  const [map, kernel, channels] = [[10, 10, 24, 40], [3, 3, 40, 40], [40]];
  const b = new ProgramBuilder();
  const [x, dy, weight] = [b.input("x", map), b.input("dy", map), b.input("weight", kernel)];
  const outputs = {
    y: b.arena(map),
    mean: b.arena(channels),
    variance: b.arena(channels),
    dx: b.arena(map),
  };
  const { dx, ...forward } = outputs;
  const attrs = { stride: 1, padding: 1, groups: 1 };
  b.add("conv2d", { x, weight }, forward, { ...attrs, activation: "none", slope: 0 });
  b.add("conv2dInputGrad", { dy, weight }, { dx }, { ...attrs, imageSize: [10, 10] });
  const executor = new NativeExecutor({ threads });
  const inputs = {
    x: randomArray(map, 1),
    dy: randomArray(map, 2),
    weight: randomArray(kernel, 3),
  };
  const results = await (await executor.load(b.program("winograd", outputs))).run(inputs);
  await executor.close();
  return results;
}

const code =
  (expected: string, pattern: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof Error);
    assert.equal((error as { code?: string }).code, expected);
    assert.match(error.message, pattern);
    return true;
  };

describe("native executor", { skip: unavailable }, () => {
  describe("runs", () => {
    let executor: NativeExecutor;
    before(() => {
      executor = new NativeExecutor({ threads: 2 });
    });

    it("says what is running", () => {
      assert.match(
        executor.description,
        /^native, (amx_bf16|avx512_bf16|avx512|avx2|portable), 2 threads$/,
      );
    });

    it("gives the same bits twice, and for any number of threads", async () => {
      const first = await runSample(1);
      for (const threads of [1, 2, 3]) assert.deepEqual(await runSample(threads), first);
      const large = await runSample(1, 2, 300);
      assert.deepEqual(await runSample(2, 2, 300), large);
      const convolved = await runWinograd(1);
      for (const threads of [2, 3]) assert.deepEqual(await runWinograd(threads), convolved);
    });

    it("queues runs in the order of the calls and keeps the values inputs had then", async () => {
      const b = new ProgramBuilder();
      const [x, total] = [b.input("x", [1]), b.state("total", [1])];
      const copy = b.arena([1]);
      b.add("add", { a: total, b: x }, { y: total });
      b.add("relu", { x: total }, { y: copy });
      const program = await executor.load(b.program("sum", { total: copy }));
      const x1 = hostArray([1], [1]);
      const runs = [1, 2, 3, 4].map((value) => {
        x1.data[0] = value;
        return program.run({ x: x1 });
      });
      const totals = (await Promise.all(runs)).map(({ total: result }) => result!.data[0]);
      assert.deepEqual(totals, [1, 3, 6, 10]);
      assert.equal((await executor.read("total")).data[0], 10);
      assert.equal((await program.nanoseconds()).length, 2);
    });

    it("leaves the event loop free", async () => {
      const b = new ProgramBuilder();
      const [x, weight, y] = [
        b.arena([16, 16, 64, 64]),
        b.arena([3, 3, 64, 64]),
        b.arena([16, 16, 64, 64]),
      ];
      b.add("constant", {}, { y: x }, { value: 1, shape: [16, 16, 64, 64] });
      b.add("constant", {}, { y: weight }, { value: 1, shape: [3, 3, 64, 64] });
      for (let i = 0; i < 20; i++) {
        b.add(
          "conv2d",
          { x, weight },
          { y },
          { stride: 1, padding: 1, groups: 1, activation: "none", slope: 0 },
        );
      }
      const done = (await executor.load(b.program("long", {}))).run();
      const first = await Promise.race([
        done.then(() => "run"),
        new Promise((resolve) => setImmediate(resolve, "loop")),
      ]);
      assert.equal(first, "loop");
      await done;
    });
  });

  describe("state", () => {
    it("is shared by name, and refuses another shape", async () => {
      const executor = new NativeExecutor({ threads: 1 });
      await executor.write("w", hostArray([2, 2], [1, 2, 3, 4]));
      assert.deepEqual(await executor.read("w"), hostArray([2, 2], [1, 2, 3, 4]));
      assert.deepEqual([...executor.states()], [["w", { shape: [2, 2], dtype: "f32" }]]);
      await assert.rejects(executor.read("v"), code("ERR_STATE", /no state named "v"/));
      await assert.rejects(
        executor.write("w", hostArray([4])),
        code("ERR_STATE", /\[2, 2\], not f32 \[4\]/),
      );
      const b = new ProgramBuilder();
      b.add("constant", {}, { y: b.state("w", [4]) }, { value: 0, shape: [4] });
      await assert.rejects(executor.load(b.program("p", {})), code("ERR_STATE", /"w"/));
    });

    it("is as it was where a program needs more memory than there is", async () => {
      const executor = new NativeExecutor({ threads: 1 });
      const b = new ProgramBuilder();
      b.add("constant", {}, { y: b.state("small", [4]) }, { value: 0, shape: [4] });
      const shape = [2 ** 19, 2 ** 20];
      b.add("constant", {}, { y: b.state("vast", shape) }, { value: 0, shape });
      await assert.rejects(executor.load(b.program("p", {})), code("ERR_MEMORY", /./));
      assert.deepEqual([...executor.states()], []);
    });

    it("keeps the outputs of a run while a larger program is loaded", async () => {
      const executor = new NativeExecutor({ threads: 2 });
      const fill = (value: number, size: number): Program => {
        const b = new ProgramBuilder();
        const y = b.arena([size]);
        b.add("constant", {}, { y }, { value, shape: [size] });
        return b.program("fill", { y });
      };
      for (let round = 0; round < 20; round++) {
        const running = (await executor.load(fill(7, 1 << 16))).run();
        await executor.load(fill(8, (1 << 16) * (round + 2))); // moves the arena
        const { y } = await running;
        assert.ok(y!.data.every((value) => value === 7));
      }
      await executor.close();
    });

    it("is gone after close", async () => {
      const executor = new NativeExecutor({ threads: 1 });
      const program = await executor.load(trainingStep());
      await executor.close();
      assert.throws(() => executor.states(), code("ERR_CLOSED", /closed/));
      await assert.rejects(executor.load(trainingStep()), code("ERR_CLOSED", /closed/));
      await assert.rejects(program.run(inputsOf()), code("ERR_CLOSED", /closed/));
    });
  });

  describe("refuses", () => {
    const executor = unavailable ? undefined : new NativeExecutor({ threads: 1 });
    const load = (program: Program) => executor!.load(program);

    it("inputs that do not fit", async () => {
      const program = await load(trainingStep());
      await initialize(executor!);
      const cases: [RunInputs, RegExp][] = [
        [{}, /"indices" of sample-step is missing/],
        [{ ...inputsOf(), extra: 1 }, /no input called "extra"/],
        [
          { ...inputsOf(), indices: hostArray([5], undefined, "i32") },
          /i32 of shape \[6\] but i32 of shape \[5\]/,
        ],
        [{ ...inputsOf(), indices: hostArray([6]) }, /i32 of shape \[6\] but f32/],
        [{ ...inputsOf(), indices: 3 }, /an array of shape \[6\] but a number/],
        [
          { ...inputsOf(), indices: { shape: [6], dtype: "i32", data: new Int32Array(3) } },
          /but has 3 elements/,
        ],
      ];
      for (const [inputs, message] of cases)
        await assert.rejects(program.run(inputs), code("ERR_INPUT", message));
    });

    it("row indices and labels out of range, and runs on", async () => {
      const program = await load(trainingStep());
      const indices = hostArray([6], [0, 1, 20, 3, 4, 5], "i32");
      const labels = hostArray([6], [0, 1, 2, 3, -1, 0], "i32");
      await assert.rejects(
        program.run({ ...inputsOf(), indices }),
        code("ERR_INDEX", /index 2 is 20 but rows run from 0 to 19/),
      );
      await assert.rejects(
        program.run({ ...inputsOf(), labels }),
        code("ERR_INDEX", /label of sample 4 is -1 but classes run from 0 to 4/),
      );
      assert.equal((await program.run(inputsOf()))["logits"]!.data.length, 30);
    });

    it("programs that do not verify, of whoever calls the addon", () => {
      const addon = new (loadAddon().Executor)(1);
      const refuses = (program: Program, message: RegExp): void =>
        assert.throws(() => addon.load(program), code("ERR_PROGRAM", message));
      const base = trainingStep();
      const withBuffer = (id: number, change: object): Program => ({
        ...base,
        buffers: base.buffers.map((buffer, i) =>
          i === id ? ({ ...buffer, ...change } as typeof buffer) : buffer,
        ),
      });
      const firstArena = base.buffers.findIndex(({ place }) => place === "arena");
      const cases: [Program, RegExp][] = [
        [withBuffer(firstArena, { offset: 1 << 30 }), /does not fit the arena/],
        [
          withBuffer(firstArena, { shape: [9, 9, 5, 1] }),
          /ingest in sample: x has the shape \[9, 9, 5, 1\]/,
        ],
        [{ ...base, outputs: { loss: 1000 } }, /"loss" is buffer 1000/],
        [{ ...base, arenaBytes: -1 }, /arenaBytes must be an integer/],
      ];
      for (const [program, message] of cases) refuses(program, message);

      const b = new ProgramBuilder();
      const [x, y] = [b.arena([3, 3, 2, 4]), b.arena([3, 3, 2, 4])];
      const weight = b.state("square", [3, 3, 4, 4]);
      const attrs = { stride: 1, padding: 1, groups: 1, activation: "none", slope: 0 };
      const single = (
        op: string,
        inputs: object,
        outputs: object,
        given: object = attrs,
      ): Program => ({
        ...b.program("p", {}),
        instructions: [
          { op, inputs, outputs, attrs: given, module: "" },
        ] as Program["instructions"],
      });
      const bad: [Program, RegExp][] = [
        [single("conv2d", { x, weight }, { y: x }), /the output y overlaps the input x/],
        [single("conv2d", { x }, { y }), /the input weight is missing/],
        [single("conv2d", { x, weight, wieght: weight }, { y }), /no operand called wieght/],
        [
          single("conv2d", { x, weight }, { y }, { ...attrs, stride: 0 }),
          /stride must be an integer from 1/,
        ],
        [
          single("conv2d", { x, weight }, { y }, { ...attrs, stride: 2 }),
          /gives an output of shape \[2, 2, 2, 4\]/,
        ],
        [single("convolve", { x, weight }, { y }), /does not know this op/],
      ];
      for (const [program, message] of bad) refuses(program, message);
    });

    it("thread counts that are none", () => {
      for (const threads of [0, -1, 1.5, NaN, 4096]) {
        assert.throws(() => new NativeExecutor({ threads }), code("ERR_THREADS", /from 1 to 1024/));
      }
    });

    it("randomly damaged programs, or runs them, but never crashes", async () => {
      const key = randomKey(1, "fuzz");
      let draw = 0;
      const random = (n: number): number => Math.floor(uniform(key, draw++) * n);
      let refused = 0;
      for (let round = 0; round < 400; round++) {
        const program = structuredClone(trainingStep(1 + random(4))) as unknown as Record<
          string,
          unknown
        >;
        for (let i = 0; i <= random(3); i++) damage(program, random);
        try {
          const fresh = new NativeExecutor({ threads: 1 });
          await (await fresh.load(program as unknown as Program)).run(inputsOf(random(4) + 1));
          await fresh.close();
        } catch (error) {
          assert.match(
            String((error as { code?: string }).code),
            /^ERR_(PROGRAM|STATE|INPUT|INDEX|MEMORY)$/,
          );
          refused++;
        }
      }
      assert.ok(refused > 200, `${refused} of 400 were refused`);
    });
  });

  it("obeys RESNET_ISA, and refuses what it does not know", () => {
    const loader = fileURLToPath(
      new URL("../../../src/node/native/native-executor.js", import.meta.url),
    );
    const script = `const { NativeExecutor } = await import(${JSON.stringify(loader)});
      try { console.log(new NativeExecutor({ threads: 1 }).description); } catch (e) { console.log(e.code, e.message); }`;
    const run = (isa: string): string =>
      spawnSync(process.execPath, ["--input-type=module", "-e", script], {
        env: { ...process.env, RESNET_ISA: isa },
        encoding: "utf8",
      }).stdout.trim();
    for (const isa of nativeCapabilities().isas) assert.equal(run(isa), `native, ${isa}, 1 thread`);
    assert.match(run("sse9"), /^ERR_ISA RESNET_ISA is "sse9" but this processor runs: .*portable$/);
  });
});

/** Changes one random leaf of a program, or removes a random key. */
function damage(program: Record<string, unknown>, random: (n: number) => number): void {
  let node: Record<string, unknown> = program;
  for (;;) {
    const keys = Object.keys(node);
    if (keys.length === 0) return;
    const key = keys[random(keys.length)]!;
    const value = node[key];
    if (typeof value === "object" && value !== null && random(12) > 0) {
      node = value as Record<string, unknown>;
      continue;
    }
    const numbers = [0, -1, 1, 2, 3, 64, 1000, 2 ** 31, 2 ** 52, 0.5, NaN, Infinity];
    const others = [null, undefined, "x", [], {}, true, "relu", "u8", "state", "stem", [2, 2]];
    if (random(8) === 0) delete node[key];
    else if (typeof value === "number" && random(4) > 0)
      node[key] = random(2) ? value + random(5) - 2 : numbers[random(numbers.length)];
    else node[key] = others[random(others.length)];
    return;
  }
}
