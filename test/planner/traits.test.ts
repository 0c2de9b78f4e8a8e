// Programs are planned for the executor that runs them: alignment, limits, dtypes, fusions.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { graphOf } from "../../src/graph/graph.js";
import { input } from "../../src/graph/tensor.js";
import { add } from "../../src/ops/add.js";
import { conv2d } from "../../src/ops/conv2d.js";
import { relu } from "../../src/ops/relu.js";
import { plan } from "../../src/planner/plan.js";
import { hostTraits, type ExecutorTraits } from "../../src/program/traits.js";
import { verifyProgram } from "../../src/program/verify.js";

const traits = (change: Partial<ExecutorTraits>): ExecutorTraits => ({ ...hostTraits, ...change });

/** `relu(conv2d(x, w) + y)`, twice. */
const graph = () => {
  const [x, y] = [input("x", [3, 3, 2, 4]), input("y", [3, 3, 2, 4])];
  const block = (name: string) => relu(add(conv2d(x, input(name, [1, 1, 4, 4])), y));
  return graphOf({ a: block("v"), b: block("w") });
};

const offsets = ({ buffers }: ReturnType<typeof plan>): number[] =>
  buffers.flatMap((buffer) => (buffer.place === "arena" ? [buffer.offset] : []));

describe("a program planned for an executor", () => {
  test("has buffers at multiples of the executor's alignment", () => {
    const [by64, by256] = [plan("p", graph()), plan("p", graph(), traits({ alignment: 256 }))];
    assert.ok(offsets(by64).some((offset) => offset % 256 !== 0));
    assert.ok(offsets(by256).every((offset) => offset % 256 === 0));
    verifyProgram(by256, traits({ alignment: 256 }));
    assert.throws(() => verifyProgram(by64, traits({ alignment: 256 })), {
      code: "ERR_PROGRAM",
      message: /not a multiple of 256/,
    });
  });

  test("has the fusions that the executor has kernels for, and no others", () => {
    const ops = (fuses: ExecutorTraits["fuses"]): string[] =>
      plan("p", graph(), traits({ fuses })).instructions.map(({ op }) => op);
    assert.deepEqual(ops(["activation"]), ["conv2d", "conv2d"]);
    assert.deepEqual(ops([]).sort(), ["add", "add", "conv2d", "conv2d", "relu", "relu"]);
  });

  test("is refused if a value is larger than the executor binds, or of a dtype that it lacks", () => {
    assert.throws(() => plan("p", graph(), traits({ maxBindingBytes: 287 })), {
      code: "ERR_PLAN",
      message:
        /conv2d: x takes 288 bytes, but the executor takes at most 287: make the batch smaller/,
    });
    plan("p", graph(), traits({ maxBindingBytes: 288 }));
    const bytes = graphOf({ y: relu(input("x", [4], "bf16")) });
    assert.throws(() => plan("p", bytes, traits({ dtypes: ["f32"] })), {
      code: "ERR_PLAN",
      message: /relu: x is bf16, but the executor computes only in f32/,
    });
  });

  test("does not verify on an executor that cannot hold it", () => {
    const program = plan("p", graph());
    for (const [change, message] of [
      [{ maxBindingBytes: 287 }, /takes 288 bytes, and the executor takes at most 287/],
      [{ maxBufferBytes: 512 }, /b\d lies across a multiple of 512, where the arena is cut/],
      [{ dtypes: ["i32"] }, /b0 is f32, not one of i32/],
    ] as const) {
      assert.throws(() => verifyProgram(program, traits(change)), { code: "ERR_PROGRAM", message });
    }
  });
});
