import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { profiled } from "../../src/executors/profiled-executor.js";
import { plan } from "../../src/planner/plan.js";
import {
  formatProfile,
  instructionCost,
  profileOf,
  programCost,
} from "../../src/report/profile.js";
import type { Program } from "../../src/program/program.js";
import { hostArray } from "../../src/tensor/host-array.js";
import { executorsUnderTest } from "../helpers/executors.js";
import { tinyEvaluation, tinyTraining } from "../helpers/tiny-model.js";

const attrs = { stride: 1, padding: 1, groups: 1, activation: "none", slope: 0 };

/** A 3x3 convolution of a 2x2 image with 8 samples, 4 to 16 channels, and a ReLU. */
const program: Program = {
  name: "two",
  arenaBytes: 4096,
  buffers: [
    { shape: [2, 2, 8, 4], dtype: "f32", place: "input", name: "x" },
    { shape: [3, 3, 4, 16], dtype: "f32", place: "state", name: "weight" },
    { shape: [2, 2, 8, 16], dtype: "f32", place: "arena", offset: 0 },
  ],
  instructions: [
    { op: "conv2d", inputs: { x: 0, weight: 1 }, outputs: { y: 2 }, attrs, module: "conv" },
    { op: "relu", inputs: { x: 2 }, outputs: { y: 2 }, attrs: {}, module: "" },
  ],
  outputs: { y: 2 },
};

describe("costs", () => {
  test("count useful taps, and every operand once", () => {
    const [convolution, relu] = program.instructions;
    assert.deepEqual(instructionCost(program, convolution!), {
      flops: 2 * 16 * 8 * 4 * 16, // 4 of 9 taps at each of 4 pixels
      bytes: 4 * (2 * 2 * 8 * 4 + 3 * 3 * 4 * 16 + 2 * 2 * 8 * 16),
    });
    assert.deepEqual(instructionCost(program, relu!), { flops: 512, bytes: 4 * 1024 });
    assert.equal(programCost(program).flops, 16384 + 512);
  });

  test("are finite for every instruction of training and evaluation", () => {
    for (const graph of [tinyTraining(), tinyEvaluation()]) {
      const planned = plan("tiny", graph);
      for (const instruction of planned.instructions) {
        const { flops, bytes } = instructionCost(planned, instruction);
        assert.ok(flops >= 0 && bytes > 0, instruction.op);
      }
    }
  });
});

describe("profile", () => {
  const times = {
    program,
    runs: 2,
    milliseconds: 5,
    nanoseconds: Float64Array.of(3_000_000, 1_000_000),
  };

  test("adds up to the run, with the rest as overhead", () => {
    const profile = profileOf(times);
    assert.deepEqual([profile.milliseconds, profile.overheadMilliseconds], [2.5, 0.5]);
    assert.deepEqual(
      profile.kinds.map(({ name, milliseconds }) => [name, milliseconds]),
      [
        ["conv2d", 1.5],
        ["relu", 0.5],
      ],
    );
    assert.deepEqual(
      profile.layers.map(({ name }) => name),
      ["conv", ""],
    );
  });

  test("as text", () => {
    assert.equal(
      formatProfile(profileOf(times)),
      `two: 2.50 ms, mean of 2 runs
instruction  number     ms    share  GFLOP/s  GB/s
conv2d            1  1.500   60.0 %      0.0   0.0
relu              1  0.500   20.0 %      0.0   0.0
(overhead)           0.500   20.0 %
sum                  2.500  100.0 %

layer       number     ms    share  GFLOP/s  GB/s
conv             1  1.500   60.0 %      0.0   0.0
(no layer)       1  0.500   20.0 %      0.0   0.0
(overhead)          0.500   20.0 %
sum                 2.500  100.0 %`,
    );
  });

  for (const { name, create } of executorsUnderTest) {
    test(`of runs on ${name}`, async (t) => {
      const executor = profiled(create());
      t.after(() => executor.close());
      const loaded = await executor.load(program);
      const x = hostArray([2, 2, 8, 4]);
      assert.deepEqual(executor.times(), []);
      for (let i = 0; i < 3; i++) await loaded.run({ x });
      const [sums] = executor.times();
      const profile = profileOf(sums!);
      assert.equal(profile.runs, 3);
      assert.ok(profile.milliseconds > 0 && profile.overheadMilliseconds >= 0);
      const inside = profile.kinds.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
      assert.ok(Math.abs(inside + profile.overheadMilliseconds - profile.milliseconds) < 1e-9);
      executor.reset();
      assert.deepEqual(executor.times(), []);
    });
  }
});
